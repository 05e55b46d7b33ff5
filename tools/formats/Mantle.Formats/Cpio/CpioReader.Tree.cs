using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Cpio;

/// <summary>Unpacking into a tree, with the outcome that Linux has (do_name in init/initramfs.c).</summary>
public static partial class CpioReader
{
    /// <summary>
    /// The tree that Linux would have after unpacking every archive into an empty root: a later file takes the place of an earlier one, a
    /// directory that exists keeps its entries and takes the new owner and mode.
    /// </summary>
    /// <exception cref="MalformedInputException">
    /// See <see cref="Entries(ByteSource)"/>; or a member that Linux would drop or put elsewhere: its parent is missing or no directory, its path
    /// has <c>..</c>, it would replace a directory with entries, it repeats a device node, one file has data at two names.
    /// </exception>
    public static FileTree ReadTree(ByteSource source)
    {
        FileTree tree = new();
        ReadInto(tree, source);
        return tree;
    }

    /// <summary>Unpacks archives over what a tree has already.</summary>
    internal static void ReadInto(FileTree tree, ByteSource source)
    {
        Dictionary<(uint Inode, uint Major, uint Minor, FileKind Kind), FileNode> links = [];
        int archive = 0;
        foreach (CpioEntry entry in Entries(source))
        {
            if (entry.Archive != archive)
            {
                links.Clear(); // each trailer ends what an inode number means
                archive = entry.Archive;
            }

            Place(tree, entry, links);
        }
    }

    private static void Place(FileTree tree, CpioEntry entry, Dictionary<(uint, uint, uint, FileKind), FileNode> links)
    {
        string[] parts = [.. entry.Name.Split('/').Where(part => part is not ("" or "."))];
        FileNode parent = Parent(tree, entry, parts);
        string name = parts.LastOrDefault("");
        FileNode? existing = parts.Length == 0 ? tree.Root : parent.Children.GetValueOrDefault(name);
        FileNode? node = null;
        var link = (entry.Inode, entry.DeviceMajor, entry.DeviceMinor, entry.Kind);
        bool linked = entry.LinkCount > 1 && entry.Kind is not (FileKind.Directory or FileKind.SymbolicLink);
        if (linked && links.TryGetValue(link, out node) && node.Content.Length > 0 && entry.Data.Length > 0)
        {
            throw Malformed(entry.Offset, $"\"{entry.Name}\" has data although another name of the same file has it");
        }

        // A file or directory that is there is opened and keeps its other names; everything else is removed first.
        bool reuse = node is null && existing is not null && existing.Kind == entry.Kind && entry.Kind != FileKind.SymbolicLink;
        if (existing is not null && !reuse && existing != node && existing.Children.Count > 0)
        {
            throw Malformed(entry.Offset, $"\"{entry.Name}\" would replace a directory that has entries");
        }

        if (reuse && entry.Kind is not (FileKind.Directory or FileKind.Regular))
        {
            throw Malformed(entry.Offset, $"\"{entry.Name}\" repeats a device node, pipe or socket");
        }

        if (parts.Length == 0 && !reuse)
        {
            throw Malformed(entry.Offset, "the root is not a directory");
        }

        bool first = node is null;
        node ??= reuse ? existing! : new FileNode(entry.Kind, entry.Permissions);
        if (linked)
        {
            links[link] = node;
        }

        Describe(node, entry, replaceContent: first || entry.Data.Length > 0);
        if (parts.Length > 0)
        {
            parent.Children[name] = node;
        }
    }

    private static FileNode Parent(FileTree tree, CpioEntry entry, string[] parts)
    {
        FileNode parent = tree.Root;
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts[i] == "..")
            {
                throw Malformed(entry.Offset, $"\"{entry.Name}\" leaves its directory");
            }

            if (i < parts.Length - 1
                && (!parent.Children.TryGetValue(parts[i], out parent!) || parent.Kind != FileKind.Directory))
            {
                throw Malformed(entry.Offset, $"\"{entry.Name}\" is below \"{parts[i]}\", which is no directory of the archive");
            }
        }

        return parent;
    }

    private static void Describe(FileNode node, CpioEntry entry, bool replaceContent)
    {
        node.Permissions = entry.Permissions;
        node.UserId = entry.UserId;
        node.GroupId = entry.GroupId;
        node.ModifiedSeconds = entry.ModifiedSeconds;
        node.LinkTarget = entry.LinkTarget;
        if (entry.Kind is FileKind.CharacterDevice or FileKind.BlockDevice)
        {
            node.DeviceMajor = entry.RawDeviceMajor;
            node.DeviceMinor = entry.RawDeviceMinor;
        }

        if (entry.Kind == FileKind.Regular && replaceContent)
        {
            node.Content = entry.Data;
        }
    }
}
