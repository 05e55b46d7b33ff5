using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Measure.Audit.Inspection;

/// <content>File trees, and the images inside their files.</content>
internal sealed partial class Inspector
{
    private const int DeepestNesting = 4;
    private const int MostNested = 256;
    private const int SmallestImage = 64;
    private const int MostFiles = 2_000_000;

    private static readonly string[] s_rootFolders = ["usr", "etc", "bin", "sbin", "lib"];

    private int _files;
    private int _nested;

    /// <summary>Reads a tree and everything in it that is an image itself. Null: it cannot be read, and there is a gap that says so.</summary>
    private InspectedTree? ReadTree(string place, TreeFormat format, ByteSource content, string? prefix, TreeRole role, int depth, int partition = 0)
    {
        FileTree files;
        try
        {
            files = format.Read(content, _decompression);
        }
        catch (MalformedInputException e)
        {
            _gaps.Add(new(place, format.Name, e.Message));
            return null;
        }

        if ((role == TreeRole.Data && depth == 0 || role == TreeRole.Esp && depth > 0) && s_rootFolders.Any(files.Root.Children.ContainsKey))
        {
            role = TreeRole.Root; // whatever type its partition claims; on the ESP of a live medium its root is a file
        }

        InspectedTree tree = new(Unique(prefix ?? PrefixOf(role), partition), role, format.Name, files, depth);
        _trees.Add(tree);
        LookInside(tree);
        return tree;
    }

    private static string PrefixOf(TreeRole role) => role switch
    {
        TreeRole.Esp => "esp:",
        TreeRole.Root => "root:",
        TreeRole.Initrd => "initrd:",
        _ => "data:",
    };

    /// <summary>The first root is <c>root:</c>, a further one <c>root(partition 5):</c>.</summary>
    private string Unique(string prefix, int partition)
    {
        string name = prefix.TrimEnd(':');
        string unique = prefix;
        for (int number = 2; !_prefixes.Add(unique); number++)
        {
            unique = partition > 0 && number == 2 ? $"{name}(partition {partition}):" : $"{name}({number}):";
        }

        return unique;
    }

    private void LookInside(InspectedTree tree)
    {
        HashSet<FileNode> seen = new(ReferenceEqualityComparer.Instance);
        foreach ((string path, FileNode node) in tree.Tree.Walk())
        {
            if (++_files > MostFiles)
            {
                _gaps.Add(new(tree.Prefix, tree.Format, $"the image has more than {MostFiles:N0} files"));
                return;
            }

            if (node.Kind == FileKind.Regular && seen.Add(node))
            {
                try
                {
                    LookInto(tree, path, node);
                }
                catch (MalformedInputException e)
                {
                    // A compressed file of which not even the start can be had.
                    _gaps.Add(new(tree.PlaceOf(path), e.Format, e.Message));
                }
            }
        }
    }

    private void LookInto(InspectedTree tree, string path, FileNode node)
    {
        ByteSource content = node.Content;
        string place = tree.PlaceOf(path);
        _entries.AddRange(LoaderFiles.Read(place, path, content, _gaps));
        if (content.Length < SmallestImage)
        {
            return;
        }

        ByteSource head = ByteSource.FromMemory(content.ReadBytes(0, (int)Math.Min(Magic.HeadLength, content.Length), "file"));
        if (Magic.IsPe(head))
        {
            if (tree is { Role: TreeRole.Esp, Depth: 0 } || IsBootPath(path) || HasKernelSection(content))
            {
                AddPe(place, NameOfInitrd(tree, path), content, node);
            }

            return;
        }

        bool isBootFile = tree is { Role: TreeRole.Esp, Depth: 0 } || path.StartsWith("boot/", StringComparison.Ordinal);
        string? image = Magic.NameOfImage(head) ?? (content.Length % 2048 == 0 && content.Length > 1 << 16 ? Magic.NameOfImage(content) : null);
        string? compression = Magic.NameOfCompression(head);
        TreeFormat? format = image is null && compression is null && TreeFormat.Of(head) is null ? null : TreeFormat.Of(content);
        if (format is not null)
        {
            AddNested(tree, place, format, node);
        }
        else if (image is not null && image is not ("fat" or "swap" or "ext4" or "f2fs") || (image is "f2fs" or "swap" && content.Length % 4096 == 0))
        {
            // Two or four magic bytes in the midst of a file mean an image only if its size is that of one.
            _gaps.Add(new(place, image!, "an image inside a file, of a format that cannot be read"));
        }
        else if (compression is not null && (isBootFile || Path.GetFileName(path).StartsWith("initr", StringComparison.Ordinal)))
        {
            AddCompressed(tree, place, node, isBootFile);
        }
    }

    /// <summary>What a boot loader could hand to the kernel. Elsewhere a name that looks like one says little, and what it is not is no gap.</summary>
    private void AddCompressed(InspectedTree tree, string place, FileNode node, bool isBootFile)
    {
        int before = _gaps.Count;
        AddNested(tree, place, TreeFormat.CompressedInitrd, node);
        if (!isBootFile && !_opened.ContainsKey(node))
        {
            _gaps.RemoveRange(before, _gaps.Count - before);
        }
    }

    private void AddNested(InspectedTree tree, string place, TreeFormat format, FileNode node)
    {
        if (tree.Depth >= DeepestNesting || ++_nested > MostNested)
        {
            _gaps.Add(new(place, format.Name, tree.Depth >= DeepestNesting
                ? $"images are nested more than {DeepestNesting} deep"
                : $"more than {MostNested} images are nested in files"));
            return;
        }

        if (ReadTree(place, format, node.Content, place + "!", format.IsArchive ? TreeRole.Initrd : tree.Role, tree.Depth + 1) is not null)
        {
            _opened[node] = ByteSource.Empty;
        }
    }

    /// <summary>Where firmware or a boot loader finds kernels. The copy beside the modules is there to be copied.</summary>
    private static bool IsBootPath(string path) => !path.Contains("lib/modules/", StringComparison.Ordinal) && (
        path.StartsWith("boot/", StringComparison.Ordinal) || path.StartsWith("efi/", StringComparison.Ordinal)
        || path.EndsWith(".efi", StringComparison.OrdinalIgnoreCase) || Path.GetFileName(path).StartsWith("vmlinuz", StringComparison.Ordinal));

    /// <summary>On the ESP the path is enough: <c>initrd(EFI/BOOT/BOOTX64.EFI)</c>.</summary>
    private static string NameOfInitrd(InspectedTree tree, string path) => tree.Prefix == "esp:" ? path : tree.PlaceOf(path);
}
