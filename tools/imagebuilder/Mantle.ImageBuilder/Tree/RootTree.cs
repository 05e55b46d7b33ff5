using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Recipes;
using Mantle.Measure;
using Mantle.Measure.Text;

namespace Mantle.ImageBuilder.Tree;

/// <summary>The root file system of the appliance as one tree in memory. <see cref="Build"/> shows its making in order.</summary>
public static class RootTree
{
    // The merged /usr of Debian 12 and later: packages may still name the old places.
    private static readonly string[] s_mergedFolders = ["bin", "sbin", "lib", "lib64"];

    private static readonly (string Path, int Mode)[] s_folders =
    [
        ("dev", 0b111_101_101), ("etc", 0b111_101_101), ("proc", 0b101_101_101), ("run", 0b111_101_101), ("sys", 0b101_101_101),
        ("tmp", 0b001_111_111_111), ("usr", 0b111_101_101), ("var", 0b111_101_101),
    ];

    /// <summary>Assembles the tree from packages and recipe. Owner, mode and time of every file are set; contents are slices.</summary>
    /// <exception cref="UserErrorException">Packages disagree, a removal matches nothing, a source is missing, a script is undeclared.</exception>
    public static FileTree Build(Recipe recipe, IReadOnlyList<UnpackedPackage> packages)
    {
        FileTree tree = new();
        AddFolders(tree);
        foreach (UnpackedPackage package in packages)
        {
            AddPackage(tree, package);
        }

        foreach (MaintainerScript scripts in MaintainerScripts.Match(recipe, packages).Where(s => s.Effect == "ca-bundle"))
        {
            CertificateBundle.Add(tree, scripts);
        }

        Remove(tree, recipe.Remove);
        AccountFiles.Add(tree, recipe);
        ApplianceFiles.Add(tree, recipe);
        foreach (AddedFile file in recipe.Files)
        {
            AddFile(tree, recipe, file);
        }

        ApplianceFiles.CheckUnseal(tree, recipe);
        SetTimes(tree, recipe.Epoch);
        return tree;
    }

    /// <summary>Opens a file of the build machine that the recipe names. The content must not change while the build runs.</summary>
    public static ByteSource OpenSource(SourceFile source)
    {
        if (!File.Exists(source.FullPath))
        {
            throw new UserErrorException(
                $"{source.Position}: \"{source.FullPath}\" does not exist", "make it first (the sample's programs: make guest), or correct the path");
        }

        return ByteSource.OpenFile(source.FullPath);
    }

    internal static void SetTimes(FileTree tree, long epoch)
    {
        foreach ((_, FileNode node) in tree.Walk().Append(("", tree.Root)))
        {
            node.ModifiedSeconds = epoch;
        }
    }

    private static void AddFolders(FileTree tree)
    {
        foreach ((string path, int mode) in s_folders)
        {
            tree.Put(path, FileNode.Directory(mode));
        }

        foreach (string folder in s_mergedFolders)
        {
            tree.Put($"usr/{folder}", FileNode.Directory());
            tree.Put(folder, FileNode.SymbolicLink($"usr/{folder}"));
        }
    }

    internal static void AddPackage(FileTree tree, UnpackedPackage package)
    {
        foreach ((string original, FileNode node) in package.Files.Walk())
        {
            if (node.Kind == FileKind.SymbolicLink && Array.Exists(s_mergedFolders, f => original == f && node.LinkTarget is var target && (target == "usr/" + f || target == "/usr/" + f)))
            {
                continue; // base-files brings the links that are here already
            }

            string path = Merged(original);
            bool exists = tree.TryFind(path, out FileNode? present);
            if (node.Kind == FileKind.Directory)
            {
                if (!exists)
                {
                    FileNode directory = FileNode.Directory(node.Permissions);
                    directory.Origin = package.Package.Name;
                    tree.Put(path, directory);
                }
                else if (present!.Kind != FileKind.Directory)
                {
                    throw Conflict(path, present, package);
                }

                continue;
            }

            if (node.UserId != 0 || node.GroupId != 0)
            {
                throw new UserErrorException(
                    $"tree: \"/{path}\" of package \"{package.Package.Name}\" belongs to {node.UserId}:{node.GroupId}, not to root",
                    "remove it in the recipe and add it back with the owner that the appliance needs");
            }

            if (exists)
            {
                throw Conflict(path, present!, package);
            }

            node.Origin = package.Package.Name;
            tree.Put(path, node);
        }
    }

    /// <summary>Where a package's path is in the merged /usr.</summary>
    internal static string Merged(string path) =>
        Array.Exists(s_mergedFolders, f => path == f || path.StartsWith(f + "/", StringComparison.Ordinal)) ? "usr/" + path : path;

    private static UserErrorException Conflict(string path, FileNode present, UnpackedPackage package) =>
        new($"tree: \"/{path}\" is in package \"{package.Package.Name}\" and already came from \"{present.Origin}\"",
            "leave one of the two packages out of the recipe");

    internal static void Remove(FileTree tree, IReadOnlyList<Located<string>> patterns)
    {
        string[] paths = [.. tree.Walk().Select(entry => entry.Path)];
        foreach (Located<string> pattern in patterns)
        {
            Glob glob = new(pattern.Value);
            string[] matches = Array.FindAll(paths, glob.Matches);
            if (matches.Length == 0)
            {
                throw new UserErrorException($"{pattern.Position}: removal \"{pattern.Value}\" matches no file", "correct or delete the line");
            }

            foreach (string path in matches)
            {
                tree.Remove(path);
            }
        }

        RemoveEmptied(tree.Root, isKept: true);
    }

    /// <summary>A package's directory that has lost everything is no longer needed; the root's own folders stay.</summary>
    private static void RemoveEmptied(FileNode directory, bool isKept)
    {
        foreach ((string name, FileNode child) in directory.Children.ToArray())
        {
            if (child.Kind == FileKind.Directory)
            {
                RemoveEmptied(child, isKept: false);
                if (child.Children.Count == 0 && child.Origin.Length > 0 && !isKept)
                {
                    directory.Children.Remove(name);
                }
            }
        }
    }

    internal static FileNode MakeNode(Recipe recipe, AddedFile file)
    {
        FileNode node = file switch
        {
            { Directory: true } => FileNode.Directory(file.Mode),
            { Link: { } target } => FileNode.SymbolicLink(target),
            { Content: { } text } => FileNode.Regular(ByteSource.FromMemory(System.Text.Encoding.UTF8.GetBytes(text)), file.Mode),
            _ => FileNode.Regular(OpenSource(file.Source!), file.Mode),
        };
        node.Origin = file.Position;
        node.UserId = node.GroupId = recipe.Users.FirstOrDefault(user => user.Name == file.Owner)?.Id ?? 0;
        return node;
    }

    internal static void AddFile(FileTree tree, Recipe recipe, AddedFile file)
    {
        FileNode node = MakeNode(recipe, file);
        if (tree.TryFind(file.Path, out FileNode? present) && !(present.Kind == FileKind.Directory && node.Kind == FileKind.Directory && present.Origin.Length == 0))
        {
            throw new UserErrorException(
                $"{file.Position}: \"{file.Path}\" is already there, from \"{present.Origin}\"", "remove that one in \"remove\", or choose another path");
        }

        if (present is not null)
        {
            (present.Permissions, present.UserId, present.GroupId) = (node.Permissions, node.UserId, node.GroupId);
            return;
        }

        Place(tree, file.Path, node, file.Position);
    }

    /// <summary>Puts a file of the recipe or of the builder into the tree; a link or file where a directory should be is named and not replaced.</summary>
    internal static void Place(FileTree tree, string path, FileNode node, string position)
    {
        FileNode? parent = tree.Root;
        string above = "";
        foreach (string part in FileTree.Split(path)[..^1])
        {
            if (!parent.Children.TryGetValue(part, out parent))
            {
                break;
            }

            above += "/" + part;
            if (parent.Kind != FileKind.Directory)
            {
                string kind = parent.Kind == FileKind.SymbolicLink ? $"a link to \"{parent.LinkTarget}\"" : "no directory";
                throw new UserErrorException(
                    $"{position}: \"/{path.TrimStart('/')}\" lies below \"{above}\", which is {kind}", "name the directory that is meant");
            }
        }

        tree.Put(path, node);
    }
}
