using System.Diagnostics.CodeAnalysis;

namespace Mantle.Formats.Tree;

/// <summary>A file tree in memory: metadata only, contents are slices of what is on disk.</summary>
public sealed class FileTree
{
    /// <summary>The root directory.</summary>
    public FileNode Root { get; } = FileNode.Directory();

    /// <summary>
    /// Splits a path into its components. Leading slashes and single dots are dropped.
    /// </summary>
    /// <exception cref="ArgumentException">A component is <c>..</c>, or holds a NUL.</exception>
    public static string[] Split(string path)
    {
        string[] parts = [.. path.Split('/').Where(part => part is not ("" or "."))];
        if (parts.Contains("..") || path.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException($"\"{path}\" leaves the tree", nameof(path));
        }

        return parts;
    }

    /// <summary>Finds a node by path; symbolic links are not followed. False: there is no such file.</summary>
    public bool TryFind(string path, [NotNullWhen(true)] out FileNode? node)
    {
        node = Root;
        foreach (string part in Split(path))
        {
            if (!node.Children.TryGetValue(part, out node))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Puts a node at a path, replacing what is there. Missing parents are made as directories with mode 0755.
    /// </summary>
    /// <exception cref="ArgumentException">The path is the root, or a parent is not a directory.</exception>
    public void Put(string path, FileNode node)
    {
        string[] parts = Split(path);
        if (parts.Length == 0)
        {
            throw new ArgumentException("the root directory cannot be replaced", nameof(path));
        }

        FileNode parent = Root;
        foreach (string part in parts[..^1])
        {
            if (!parent.Children.TryGetValue(part, out FileNode? next))
            {
                next = FileNode.Directory();
                next.Origin = node.Origin;
                parent.Children.Add(part, next);
            }
            else if (next.Kind != FileKind.Directory)
            {
                throw new ArgumentException($"\"{part}\" in \"{path}\" is not a directory", nameof(path));
            }

            parent = next;
        }

        parent.Children[parts[^1]] = node;
    }

    /// <summary>Removes a file or a whole directory. False: there was none.</summary>
    public bool Remove(string path)
    {
        string[] parts = Split(path);
        return parts.Length > 0
            && TryFind(string.Join('/', parts[..^1]), out FileNode? parent)
            && parent.Children.Remove(parts[^1]);
    }

    /// <summary>
    /// Every file but the root, parents before children, siblings in byte order. Paths have no leading slash.
    /// </summary>
    public IEnumerable<(string Path, FileNode Node)> Walk() => Walk("", Root);

    private static IEnumerable<(string Path, FileNode Node)> Walk(string prefix, FileNode directory)
    {
        foreach ((string name, FileNode node) in directory.Children)
        {
            string path = prefix + name;
            yield return (path, node);
            foreach ((string Path, FileNode Node) below in Walk(path + "/", node))
            {
                yield return below;
            }
        }
    }
}
