using System.Buffers.Binary;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Ext4;

/// <summary>
/// Reads ext2, ext3 and ext4: extents and block maps, 64-bit block numbers, inline data, extended attributes in inodes, blocks and inodes of
/// their own; the checksums of superblock, groups, inodes and extent blocks are verified. Indexed directories are read from front to back.
/// Not done: the journal is not replayed (<see cref="Ext4Superblock.NeedsRecovery"/>). Encrypted and case-folding directories are refused.
/// </summary>
public sealed partial class Ext4Reader
{
    private readonly ByteSource _image;
    private readonly Ext4Groups _groups;
    private Budget _budget;

    private Ext4Reader(ByteSource image, Ext4Superblock superblock)
    {
        _image = image.Slice(0, superblock.BlockCount << superblock.BlockSizeBits);
        Superblock = superblock;
        _groups = new Ext4Groups(_image, superblock);
        _budget = new Budget(_image.Length);
    }

    /// <summary>The superblock.</summary>
    public Ext4Superblock Superblock { get; }

    /// <summary>Whether the bytes have the magic number at its place. False says nothing but that.</summary>
    public static bool IsExt4(ByteSource image)
    {
        const int MagicOffset = Ext4Format.SuperblockOffset + 0x38;
        if (image.Length < Ext4Format.SuperblockOffset + Ext4Format.SuperblockLength)
        {
            return false;
        }

        Span<byte> magic = stackalloc byte[sizeof(ushort)];
        image.ReadExactly(MagicOffset, magic);
        return BinaryPrimitives.ReadUInt16LittleEndian(magic) == Ext4Format.Magic;
    }

    /// <summary>Reads the superblock. The tree is read by <see cref="ReadTree"/>.</summary>
    /// <param name="image">The image, or a longer device that starts with it.</param>
    /// <exception cref="MalformedInputException">It is no such file system, or one that is not supported.</exception>
    public static Ext4Reader Open(ByteSource image) => new(image, Ext4Superblock.Read(image));

    /// <summary>Reads the whole tree. Contents are slices of the image.</summary>
    /// <exception cref="MalformedInputException">The image is damaged or has what is not supported.</exception>
    public FileTree ReadTree()
    {
        _budget = new Budget(_image.Length);
        FileTree tree = new();
        Dictionary<uint, FileNode> nodes = [];
        Stack<(FileNode Node, Ext4Inode Inode, int Depth)> pending = new();
        Ext4Inode root = ReadInode(Ext4Format.RootInode, Ext4Format.SuperblockOffset);
        if (root.Kind != FileKind.Directory)
        {
            throw root.Malformed("is the root but no directory");
        }

        Describe(tree.Root, root);
        nodes.Add(root.Number, tree.Root);
        pending.Push((tree.Root, root, 0));
        while (pending.TryPop(out (FileNode Node, Ext4Inode Inode, int Depth) directory))
        {
            foreach (DirectoryEntry entry in ReadDirectory(directory.Inode))
            {
                if (!nodes.TryGetValue(entry.Inode, out FileNode? node))
                {
                    Ext4Inode inode = ReadInode(entry.Inode, directory.Inode.Offset);
                    node = new FileNode(inode.Kind, inode.Permissions);
                    Describe(node, inode);
                    nodes.Add(entry.Inode, node);
                    if (inode.Kind == FileKind.Directory)
                    {
                        if (directory.Depth == Ext4Format.MaximumDepth)
                        {
                            throw inode.Malformed($"is nested more than {Ext4Format.MaximumDepth} directories deep");
                        }

                        pending.Push((node, inode, directory.Depth + 1));
                    }
                }
                else if (node.Kind == FileKind.Directory)
                {
                    throw directory.Inode.Malformed($"has an entry \"{entry.Name}\" for a directory that has a name already");
                }

                if (entry.Kind is { } kind && kind != node.Kind)
                {
                    throw directory.Inode.Malformed($"has an entry \"{entry.Name}\" that says {kind} for a {node.Kind}");
                }

                if (!directory.Node.Children.TryAdd(entry.Name, node))
                {
                    throw directory.Inode.Malformed($"has two entries \"{entry.Name}\"");
                }
            }
        }

        return tree;
    }

    private Ext4Inode ReadInode(uint number, long referrer)
    {
        _budget.Take(Superblock.InodeLength, referrer);
        Ext4Inode inode = Ext4Inode.Read(_image, Superblock, _groups.LocateInode(number, referrer), number);
        if ((inode.Flags & (Ext4Inode.Flag.Encrypted | Ext4Inode.Flag.Compressed)) != 0)
        {
            throw MalformedInputException.Unsupported(Ext4Format.Name, inode.Offset, $"encryption or compression, which inode {number} has,");
        }

        return inode;
    }

    private void Describe(FileNode node, Ext4Inode inode)
    {
        node.Permissions = inode.Permissions;
        node.UserId = inode.UserId;
        node.GroupId = inode.GroupId;
        node.ModifiedSeconds = inode.ModifiedSeconds;
        byte[]? inlineRest = ReadAttributes(inode, node.ExtendedAttributes);
        switch (inode.Kind)
        {
            case FileKind.Regular:
                node.Content = Content(inode, inlineRest);
                break;
            case FileKind.SymbolicLink:
                node.LinkTarget = ReadLinkTarget(inode, inlineRest);
                break;
            case FileKind.CharacterDevice or FileKind.BlockDevice:
                ReadDevice(node, inode);
                break;
        }
    }

    private string ReadLinkTarget(Ext4Inode inode, byte[]? inlineRest)
    {
        if (inode.Size is 0 or > Ext4Format.MaximumLinkTargetLength)
        {
            throw inode.Malformed($"is a link with a target of {inode.Size} bytes");
        }

        // A short target is where the map would be, except that the tools have written a map for one now and then.
        bool isFast = inode.Size < Ext4Format.MapLength && (inode.Flags & (Ext4Inode.Flag.Extents | Ext4Inode.Flag.InlineData)) == 0;
        byte[] target = isFast ? inode.Map[..(int)inode.Size].ToArray() : Content(inode, inlineRest).ToArray();
        return target.Contains((byte)0) ? throw inode.Malformed("is a link whose target holds a NUL") : LinuxText.Decode(target);
    }

    // Old numbers have 16 bits and are in the first word; others are in the second (Linux old_decode_dev, new_decode_dev).
    private static void ReadDevice(FileNode node, Ext4Inode inode)
    {
        uint old = BinaryPrimitives.ReadUInt32LittleEndian(inode.Map);
        uint device = BinaryPrimitives.ReadUInt32LittleEndian(inode.Map[sizeof(uint)..]);
        (node.DeviceMajor, node.DeviceMinor) = old != 0
            ? ((old >> 8) & 0xFF, old & 0xFF)
            : ((device & 0xFFF00) >> 8, (device & 0xFF) | ((device >> 12) & 0xFFF00));
    }

    /// <summary>
    /// Bytes of metadata that may still be read. In a sound file system no two inodes share any but blocks of extended attributes; one that is
    /// made to have each of many inodes point to the same large range would cost the square of its size.
    /// </summary>
    private sealed class Budget(long length)
    {
        private const int Allowance = 1 << 20;

        private long _left = Allowance + (2 * length);

        public void Take(long count, long offset)
        {
            _left = count > _left ? throw new MalformedInputException(Ext4Format.Name, offset, "inodes claim more metadata than the image has bytes") : _left - count;
        }
    }
}
