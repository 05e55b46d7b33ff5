using Mantle.Formats.Tree;

namespace Mantle.Formats.Erofs;

/// <summary>Turns a file tree into inodes, parents before children and siblings in byte order, and refuses what EROFS cannot hold.</summary>
internal static class ErofsTreePlan
{
    private const uint MaximumDeviceMajor = (1u << 12) - 1;
    private const uint MaximumDeviceMinor = (1u << 20) - 1;

    /// <summary>The inodes, root first, and a function that lists the sorted entries of a directory.</summary>
    public static List<ErofsInodePlan> Collect(
        FileTree tree, long buildTimeSeconds, out Func<ErofsInodePlan, List<ErofsDirectory.Entry>> entriesOf)
    {
        Dictionary<FileNode, ErofsInodePlan> byNode = new(ReferenceEqualityComparer.Instance);
        List<ErofsInodePlan> inodes = [];
        Stack<(FileNode Node, ErofsInodePlan? Parent, string Name)> pending = new();
        pending.Push((tree.Root, null, ""));
        while (pending.TryPop(out (FileNode Node, ErofsInodePlan? Parent, string Name) next))
        {
            ErofsInodePlan inode = new(next.Node, next.Parent, next.Name, inodes.Count + 1);
            if (byNode.TryGetValue(next.Node, out ErofsInodePlan? known))
            {
                Require(next.Node.Kind != FileKind.Directory, inode, $"is the same directory as \"{known.Path}\"");
                known.Links++;
                continue;
            }

            byNode.Add(next.Node, inode);
            inodes.Add(inode);
            Describe(inode);
            if (next.Node.Kind != FileKind.Directory)
            {
                continue;
            }

            if (next.Parent is not null)
            {
                next.Parent.Links++;
            }

            foreach ((string name, FileNode child) in next.Node.Children.Reverse())
            {
                pending.Push((child, inode, name));
            }
        }

        foreach (ErofsInodePlan inode in inodes)
        {
            inode.IsExtended = NeedsExtended(inode, buildTimeSeconds);
        }

        entriesOf = directory => Entries(directory, byNode);
        return inodes;
    }

    private static void Describe(ErofsInodePlan inode)
    {
        FileNode node = inode.Node;
        Require(inode.Depth <= ErofsFormat.MaximumDepth, inode, $"is more than {ErofsFormat.MaximumDepth} directories deep");
        Require(node.Kind == FileKind.Directory || node.Children.Count == 0, inode, "has children but is no directory");
        try
        {
            inode.Attributes = ErofsAttributes.Encode(node.ExtendedAttributes);
            foreach (string name in node.Children.Keys)
            {
                byte[] bytes = ErofsDirectory.NameBytes(name);
                Require(
                    name is not ("" or "." or "..") && bytes.Length <= ErofsFormat.MaximumNameLength && !bytes.AsSpan().ContainsAny((byte)0, (byte)'/'),
                    inode,
                    $"has a child with the name \"{name}\", which no file can have");
            }

            switch (node.Kind)
            {
                case FileKind.Regular:
                    inode.Size = node.Content.Length;
                    break;
                case FileKind.SymbolicLink:
                    byte[] target = ErofsDirectory.NameBytes(node.LinkTarget);
                    Require(target.Length is > 0 and <= ErofsFormat.MaximumLinkTargetLength && !target.Contains((byte)0), inode, "has no possible link target");
                    inode.Size = target.Length;
                    break;
                case FileKind.CharacterDevice or FileKind.BlockDevice:
                    Require(
                        node.DeviceMajor <= MaximumDeviceMajor && node.DeviceMinor <= MaximumDeviceMinor,
                        inode,
                        $"has device number {node.DeviceMajor}:{node.DeviceMinor}, at most {MaximumDeviceMajor}:{MaximumDeviceMinor} fits");
                    break;
                case FileKind.Directory or FileKind.Fifo or FileKind.Socket:
                    break;
                default:
                    Require(false, inode, $"is of the unknown kind {node.Kind}");
                    break;
            }
        }
        catch (ArgumentException e) when (e is not ErofsTreeException)
        {
            throw new ErofsTreeException($"\"{inode.Path}\": {e.Message}", e);
        }
    }

    // The compact inode has 16 bits for owners and links, 32 for the size, and no time of its own.
    private static bool NeedsExtended(ErofsInodePlan inode, long buildTimeSeconds) =>
        inode.Node.ModifiedSeconds != buildTimeSeconds
        || inode.Node.UserId > ushort.MaxValue
        || inode.Node.GroupId > ushort.MaxValue
        || inode.Links > ushort.MaxValue
        || inode.Size > uint.MaxValue;

    private static List<ErofsDirectory.Entry> Entries(ErofsInodePlan directory, Dictionary<FileNode, ErofsInodePlan> byNode)
    {
        List<ErofsDirectory.Entry> entries = new(directory.Node.Children.Count + 2)
        {
            new("."u8.ToArray(), directory),
            new(".."u8.ToArray(), directory.Parent ?? directory),
        };
        foreach ((string name, FileNode node) in directory.Node.Children)
        {
            entries.Add(new(ErofsDirectory.NameBytes(name), byNode[node]));
        }

        entries.Sort((a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
        return entries;
    }

    private static void Require(bool holds, ErofsInodePlan inode, string problem)
    {
        if (!holds)
        {
            throw new ErofsTreeException($"\"{inode.Path}\" {problem}", null);
        }
    }

    /// <summary>Marks messages that already name the file.</summary>
    private sealed class ErofsTreeException(string message, Exception? inner) : ArgumentException(message, inner);
}
