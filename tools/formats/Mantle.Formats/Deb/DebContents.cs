using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Deb;

/// <summary>
/// The file tree of a package's <c>data.tar</c> and the files of its <c>control.tar</c>. A path is accepted only if unpacking it could not
/// touch anything but itself: relative, without <c>..</c>, in a directory that the package itself lists, not below a symbolic link, not twice.
/// </summary>
public static class DebContents
{
    private const string Format = "tar";
    private const int MaximumNameLength = 255;
    private const int MaximumPathLength = 4095;

    /// <summary>
    /// Reads the tree. Only headers are read; contents are slices of <paramref name="dataTar"/>, and a hard link is the same node under a second name.
    /// </summary>
    /// <param name="dataTar">The uncompressed archive.</param>
    /// <param name="origin">What each node says it comes from, usually the package's name.</param>
    /// <exception cref="MalformedInputException">The archive is malformed, or has a path that is refused; the message quotes it.</exception>
    public static FileTree ReadTree(ByteSource dataTar, string origin = "") => ReadTree(dataTar, dataTar, origin);

    /// <summary>Reads the tree when headers and contents are kept apart.</summary>
    /// <param name="headers">The archive; only its headers are read.</param>
    /// <param name="contents">The same archive; only contents are taken from it, and none is read.</param>
    /// <param name="origin">What each node says it comes from.</param>
    /// <exception cref="ArgumentException">The two differ in length.</exception>
    /// <exception cref="MalformedInputException">The archive is malformed, or has a path that is refused.</exception>
    public static FileTree ReadTree(ByteSource headers, ByteSource contents, string origin)
    {
        if (headers.Length != contents.Length)
        {
            throw new ArgumentException($"headers are of an archive of {headers.Length} bytes, contents of {contents.Length}", nameof(contents));
        }

        FileTree tree = new();
        Dictionary<string, FileNode> nodes = new(StringComparer.Ordinal) { [""] = tree.Root };
        TarReader reader = new(headers);
        while (reader.Next() is { } entry)
        {
            string path = Normalize(entry.Name, entry.Type == '5', entry.HeaderOffset);
            if (path.Length == 0 && entry.Type != '5')
            {
                throw Refuse(entry, path, "is the root but not a directory");
            }

            if (entry.Type == '5' && nodes.TryGetValue(path, out FileNode? existing))
            {
                if (existing.Kind != FileKind.Directory)
                {
                    throw Refuse(entry, path, "occurs a second time, as another kind");
                }

                Describe(existing, entry, origin);
                continue;
            }

            Add(nodes, path, entry, MakeNode(nodes, path, entry, contents, origin));
        }

        return tree;
    }

    /// <summary>Reads the files of an uncompressed <c>control.tar</c>: regular files in its root, among them <c>control</c>.</summary>
    /// <returns>Content by name, ordered by name.</returns>
    /// <exception cref="MalformedInputException">The archive is malformed, has anything else, or lacks <c>control</c>.</exception>
    public static IReadOnlyDictionary<string, byte[]> ReadControl(ReadOnlyMemory<byte> controlTar)
    {
        SortedDictionary<string, byte[]> files = new(LinuxText.ByteOrder);
        TarReader reader = new(ByteSource.FromMemory(controlTar));
        while (reader.Next() is { } entry)
        {
            string name = Normalize(entry.Name, entry.Type == '5', entry.HeaderOffset);
            if (name.Length == 0 && entry.Type == '5')
            {
                continue;
            }

            if (entry.Type != '0' || name.Length == 0 || name.Contains('/', StringComparison.Ordinal))
            {
                throw Refuse(entry, name, "is not a regular file in the root of control.tar");
            }

            if (!files.TryAdd(name, controlTar.Slice((int)entry.ContentOffset, (int)entry.ContentLength).ToArray()))
            {
                throw Refuse(entry, name, "occurs a second time");
            }
        }

        return files.ContainsKey("control") ? files : throw new MalformedInputException(Format, 0, "control.tar has no file \"control\"");
    }

    private static FileNode MakeNode(Dictionary<string, FileNode> nodes, string path, TarEntry entry, ByteSource contents, string origin)
    {
        if (entry.Type == '1')
        {
            string target = Normalize(entry.LinkName, false, entry.HeaderOffset);
            return nodes.TryGetValue(target, out FileNode? linked) && linked.Kind != FileKind.Directory
                ? linked
                : throw Refuse(entry, path, $"is a hard link to \"{target}\", which is not a file that comes before it");
        }

        FileNode node = new(
            entry.Type switch
            {
                '2' => FileKind.SymbolicLink,
                '3' => FileKind.CharacterDevice,
                '4' => FileKind.BlockDevice,
                '5' => FileKind.Directory,
                '6' => FileKind.Fifo,
                _ => FileKind.Regular,
            },
            entry.Mode);
        Describe(node, entry, origin);
        if (entry.Type == '2')
        {
            node.LinkTarget = entry.LinkName is { Length: > 0 and <= MaximumPathLength } target && !target.Contains('\0', StringComparison.Ordinal)
                ? target
                : throw Refuse(entry, path, "is a symbolic link without a usable target");
        }
        else if (entry.Type == '0')
        {
            node.Content = contents.Slice(entry.ContentOffset, entry.ContentLength);
        }

        return node;
    }

    private static void Describe(FileNode node, TarEntry entry, string origin)
    {
        node.Permissions = entry.Mode & 0xFFF;
        node.UserId = entry.UserId;
        node.GroupId = entry.GroupId;
        node.ModifiedSeconds = entry.ModifiedSeconds;
        node.DeviceMajor = entry.DeviceMajor;
        node.DeviceMinor = entry.DeviceMinor;
        node.Origin = origin;
        node.ExtendedAttributes.Clear();
        foreach ((string name, byte[] value) in entry.ExtendedAttributes)
        {
            node.ExtendedAttributes.Add(name, value);
        }
    }

    private static void Add(Dictionary<string, FileNode> nodes, string path, TarEntry entry, FileNode node)
    {
        int slash = path.LastIndexOf('/');
        string parentPath = slash < 0 ? "" : path[..slash];
        if (!nodes.TryGetValue(parentPath, out FileNode? parent))
        {
            throw Refuse(entry, path, $"is in \"{parentPath}\", which is no directory of the archive so far");
        }

        if (parent.Kind != FileKind.Directory)
        {
            throw Refuse(entry, path, $"is below \"{parentPath}\", which is not a directory but a {Name(parent.Kind)}");
        }

        if (!nodes.TryAdd(path, node))
        {
            throw Refuse(entry, path, "occurs a second time");
        }

        parent.Children.Add(path[(slash + 1)..], node);
    }

    /// <summary>The path without leading <c>./</c> and trailing slash; empty for the root.</summary>
    private static string Normalize(string name, bool isDirectory, long offset)
    {
        ReadOnlySpan<char> path = name;
        if (path is "." or "./")
        {
            return "";
        }

        path = path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path;
        if (isDirectory && path.EndsWith('/'))
        {
            path = path[..^1];
        }

        if (path.Length > MaximumPathLength || path.Contains('\0'))
        {
            throw new MalformedInputException(Format, offset, $"path \"{Show(name)}\" is longer than {MaximumPathLength} or holds a NUL");
        }

        foreach (Range range in path.Split('/'))
        {
            if (path[range] is "" or "." or ".." || path[range].Length > MaximumNameLength)
            {
                throw new MalformedInputException(
                    Format,
                    offset,
                    $"path \"{Show(name)}\" is absolute or has a component that is empty, \".\", \"..\" or longer than {MaximumNameLength}");
            }
        }

        return path.ToString();
    }

    private static MalformedInputException Refuse(TarEntry entry, string path, string problem) =>
        new(Format, entry.HeaderOffset, $"\"{Show(path)}\" {problem}");

    private static string Show(string path)
    {
        string text = path.Length <= 200 ? path : path[..200] + "…";
        return string.Create(text.Length, text, static (shown, from) =>
        {
            for (int i = 0; i < from.Length; i++)
            {
                shown[i] = char.IsControl(from[i]) || char.IsSurrogate(from[i]) ? '?' : from[i];
            }
        });
    }

    private static string Name(FileKind kind) => kind switch
    {
        FileKind.SymbolicLink => "symbolic link",
        FileKind.Regular => "regular file",
        _ => "special file",
    };
}
