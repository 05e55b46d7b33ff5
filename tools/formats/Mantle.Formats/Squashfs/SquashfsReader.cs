using System.Buffers.Binary;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Squashfs;

/// <summary>
/// Reads squashfs 4.0 images compressed by gzip, xz, zstd or LZ4: basic and extended inodes, fragments, sparse blocks, extended attributes.
/// LZO and LZMA are refused. The export table, which only NFS needs, is not looked at.
/// </summary>
public sealed partial class SquashfsReader
{
    private readonly ByteSource _image;
    private readonly SquashfsMetadata _metadata;
    private readonly SquashfsBlocks _blocks;
    private readonly uint[] _ids;

    private SquashfsReader(ByteSource image, SquashfsSuperblock superblock)
    {
        _image = image.Slice(0, superblock.Length);
        Superblock = superblock;
        SquashfsBudget budget = new(superblock.Length);
        SquashfsDecompressor decompressor = new(_image, superblock.Compression);
        _metadata = new SquashfsMetadata(_image, decompressor, budget);
        _blocks = new SquashfsBlocks(decompressor);
        _ids = ReadIds();
        ReadAttributeTable();
    }

    /// <summary>The superblock.</summary>
    public SquashfsSuperblock Superblock { get; }

    /// <summary>Whether the bytes have the magic number of squashfs at their start. False says nothing but that.</summary>
    public static bool IsSquashfs(ByteSource image)
    {
        if (image.Length < SquashfsFormat.SuperblockLength)
        {
            return false;
        }

        Span<byte> magic = stackalloc byte[sizeof(uint)];
        image.ReadExactly(0, magic);
        return BinaryPrimitives.ReadUInt32LittleEndian(magic) == SquashfsFormat.Magic;
    }

    /// <summary>Reads superblock and tables. The tree is read by <see cref="ReadTree"/>.</summary>
    /// <param name="image">The image, or a longer device that starts with it.</param>
    /// <exception cref="MalformedInputException">It is no squashfs image, or one that is not supported.</exception>
    public static SquashfsReader Open(ByteSource image) => new(image, SquashfsSuperblock.Read(image));

    /// <summary>
    /// Reads the whole tree. Contents are decompressed where they are read: that a file is damaged may be found, and
    /// <see cref="MalformedInputException"/> thrown, no earlier than that.
    /// </summary>
    /// <exception cref="MalformedInputException">The image is damaged or has what is not supported.</exception>
    public FileTree ReadTree()
    {
        FileTree tree = new();
        Dictionary<ulong, FileNode> nodes = [];
        Stack<(FileNode Node, SquashfsInode Inode, int Depth)> pending = new();
        SquashfsInode root = SquashfsInode.Read(_metadata, Superblock, Superblock.RootInode, 0);
        if (root.Kind != FileKind.Directory)
        {
            throw Malformed(0, "root is not a directory");
        }

        Describe(tree.Root, root);
        nodes.Add(root.Reference, tree.Root);
        pending.Push((tree.Root, root, 0));
        while (pending.TryPop(out (FileNode Node, SquashfsInode Inode, int Depth) directory))
        {
            foreach (DirectoryEntry entry in ReadDirectory(directory.Inode))
            {
                if (!nodes.TryGetValue(entry.Reference, out FileNode? node))
                {
                    SquashfsInode inode = SquashfsInode.Read(_metadata, Superblock, entry.Reference, entry.Offset);
                    node = new FileNode(inode.Kind, inode.Permissions);
                    Describe(node, inode);
                    nodes.Add(entry.Reference, node);
                    if (inode.Kind == FileKind.Directory)
                    {
                        if (directory.Depth == SquashfsFormat.MaximumDepth)
                        {
                            throw Malformed(entry.Offset, $"directories are nested more than {SquashfsFormat.MaximumDepth} deep");
                        }

                        pending.Push((node, inode, directory.Depth + 1));
                    }
                }
                else if (node.Kind == FileKind.Directory)
                {
                    throw Malformed(entry.Offset, $"directory at 0x{entry.Reference:x} has two names");
                }

                if (entry.Kind != node.Kind)
                {
                    throw Malformed(entry.Offset, $"entry \"{entry.Name}\" says {entry.Kind} but its inode is a {node.Kind}");
                }

                if (!directory.Node.Children.TryAdd(entry.Name, node))
                {
                    throw Malformed(entry.Offset, $"entry \"{entry.Name}\" appears twice in a directory");
                }
            }
        }

        return tree;
    }

    private static MalformedInputException Malformed(long offset, string problem) => new(SquashfsFormat.Name, offset, problem);

    private uint[] ReadIds()
    {
        uint[] ids = new uint[Superblock.IdCount];
        Span<byte> entry = stackalloc byte[SquashfsFormat.IdLength];
        for (int i = 0; i < ids.Length; i++)
        {
            _metadata.ReadEntry(Superblock.IdTable, i, entry);
            ids[i] = BinaryPrimitives.ReadUInt32LittleEndian(entry);
        }

        return ids;
    }

    private uint Id(int index) => index < _ids.Length ? _ids[index] : throw Malformed((long)Superblock.IdTable, $"owner {index} of {_ids.Length} is not defined");

    private void Describe(FileNode node, SquashfsInode inode)
    {
        node.Permissions = inode.Permissions;
        node.UserId = Id(inode.UserIndex);
        node.GroupId = Id(inode.GroupIndex);
        node.ModifiedSeconds = inode.ModifiedSeconds;
        ReadAttributes(inode.Attributes, node.ExtendedAttributes);
        switch (inode.Kind)
        {
            case FileKind.Regular:
                node.Content = Content(inode);
                break;
            case FileKind.SymbolicLink:
                node.LinkTarget = LinuxText.Decode(inode.LinkTarget);
                break;
            case FileKind.CharacterDevice or FileKind.BlockDevice:
                // Linux new_decode_dev.
                node.DeviceMajor = (inode.Device & 0xFFF00) >> 8;
                node.DeviceMinor = (inode.Device & 0xFF) | ((inode.Device >> 12) & 0xFFF00);
                break;
        }
    }
}
