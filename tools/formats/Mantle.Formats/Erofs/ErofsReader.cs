using System.Buffers.Binary;
using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs.Compression;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Erofs;

/// <summary>
/// Reads EROFS images: blocks of 512 to 65536 bytes, compact and extended inodes, plain, inline, chunk-based and compressed data
/// (LZ4, deflate, zstd, MicroLZMA; inline tails, fragments, deduplicated clusters) on one device, inline and shared extended attributes,
/// long attribute prefixes. Features of Linux 6.15 on (48-bit blocks, extents in place of an index, metadata in an inode) are refused.
/// </summary>
public sealed partial class ErofsReader
{
    private readonly ByteSource _image;
    private readonly long _length; // of the file system, which may be shorter than the image
    private readonly List<string> _longPrefixes = [];

    private ErofsReader(ByteSource image, ErofsSuperblock superblock)
    {
        _length = (long)superblock.BlockCount << superblock.BlockSizeBits;
        _image = image.Slice(0, _length);
        _compression = ErofsCompression.Read(_image, superblock);
        _decompressor = new ErofsDecompressor(_image, superblock.BlockSize, _compression.IsPaddedInFront);
        Superblock = superblock;
    }

    /// <summary>The superblock, its checksum verified where it has one.</summary>
    public ErofsSuperblock Superblock { get; }

    /// <summary>Whether the bytes have the magic number of EROFS at its place. False says nothing but that.</summary>
    public static bool IsErofs(ByteSource image)
    {
        if (image.Length < ErofsFormat.SuperblockOffset + ErofsFormat.SuperblockLength)
        {
            return false;
        }

        Span<byte> magic = stackalloc byte[sizeof(uint)];
        image.ReadExactly(ErofsFormat.SuperblockOffset, magic);
        return BinaryPrimitives.ReadUInt32LittleEndian(magic) == ErofsFormat.Magic;
    }

    /// <summary>Reads the superblock. The tree is read by <see cref="ReadTree()"/>.</summary>
    /// <param name="image">The image, or a longer device that starts with it.</param>
    /// <exception cref="MalformedInputException">It is no EROFS image, or one that is not supported.</exception>
    public static ErofsReader Open(ByteSource image) => new(image, ErofsSuperblock.Read(image));

    /// <summary>
    /// Reads the whole tree. Contents are slices of the image, or decompressed where they are read: that a compressed file is damaged
    /// may be found, and <see cref="MalformedInputException"/> thrown, no earlier than that.
    /// </summary>
    /// <exception cref="MalformedInputException">The image is damaged or has what is not supported.</exception>
    public FileTree ReadTree() => ReadTree(new Dictionary<FileNode, ErofsInode>(ReferenceEqualityComparer.Instance));

    /// <summary>Reads the whole tree and says which inode each node was.</summary>
    internal FileTree ReadTree(Dictionary<FileNode, ErofsInode> inodes)
    {
        ReadLongPrefixes();
        FileTree tree = new();
        Dictionary<ulong, FileNode> nodes = [];
        Budget budget = new(_length);
        Stack<(FileNode Node, ErofsInode Inode, ulong ParentNid, int Depth)> pending = new();
        ErofsInode root = ReadInode((ulong)Superblock.RootNid);
        if (root.Kind != FileKind.Directory)
        {
            throw Malformed(root.Offset, "root is not a directory");
        }

        Describe(tree.Root, root, budget);
        nodes.Add(root.Nid, tree.Root);
        inodes.Add(tree.Root, root);
        pending.Push((tree.Root, root, root.Nid, 0));
        while (pending.TryPop(out (FileNode Node, ErofsInode Inode, ulong ParentNid, int Depth) directory))
        {
            foreach (DirectoryEntry entry in ReadDirectory(directory.Inode, directory.ParentNid, budget))
            {
                bool isKnown = nodes.TryGetValue(entry.Nid, out FileNode? node);
                if (!isKnown)
                {
                    ErofsInode inode = ReadInode(entry.Nid);
                    node = new FileNode(inode.Kind, inode.Permissions);
                    Describe(node, inode, budget);
                    nodes.Add(entry.Nid, node);
                    inodes.Add(node, inode);
                    if (inode.Kind == FileKind.Directory)
                    {
                        int depth = directory.Depth + 1;
                        if (depth > ErofsFormat.MaximumDepth)
                        {
                            throw Malformed(inode.Offset, $"directories are nested more than {ErofsFormat.MaximumDepth} deep");
                        }

                        pending.Push((node, inode, directory.Inode.Nid, depth));
                    }
                }

                if (isKnown && node!.Kind == FileKind.Directory)
                {
                    throw Malformed(entry.Offset, $"directory {entry.Nid} has two names");
                }

                if (entry.FileType != ErofsFormat.FileType(node!.Kind))
                {
                    throw Malformed(entry.Offset, $"entry has file type {entry.FileType} but inode {entry.Nid} is a {node.Kind}");
                }

                directory.Node.Children.Add(LinuxText.Decode(entry.Name), node);
            }
        }

        return tree;
    }

    private static MalformedInputException Malformed(long offset, string problem) => new(ErofsFormat.Name, offset, problem);

    private ErofsInode ReadInode(ulong nid)
    {
        long start = (long)Superblock.MetadataBlock << Superblock.BlockSizeBits;
        if (start > _length || nid >= (ulong)((_length - start) / ErofsFormat.SlotLength))
        {
            throw Malformed(start, $"inode {nid} is outside the file system");
        }

        long offset = start + ((long)nid * ErofsFormat.SlotLength);
        Span<byte> bytes = stackalloc byte[ErofsFormat.ExtendedInodeLength];
        bytes = bytes[..(int)Math.Min(bytes.Length, _length - offset)];
        _image.ReadExactly(offset, bytes);
        return ErofsInode.Read(bytes, nid, offset, Superblock);
    }

    private void Describe(FileNode node, ErofsInode inode, Budget budget)
    {
        node.Permissions = inode.Permissions;
        node.UserId = inode.UserId;
        node.GroupId = inode.GroupId;
        node.ModifiedSeconds = inode.ModifiedSeconds;
        ReadAttributes(inode, node.ExtendedAttributes, budget);
        switch (inode.Kind)
        {
            case FileKind.Regular:
                node.Content = Content(inode, budget);
                break;
            case FileKind.SymbolicLink:
                node.LinkTarget = ReadLinkTarget(inode, budget);
                break;
            case FileKind.CharacterDevice or FileKind.BlockDevice:
                // Linux new_decode_dev.
                node.DeviceMajor = (inode.Data & 0xFFF00) >> 8;
                node.DeviceMinor = (inode.Data & 0xFF) | ((inode.Data >> 12) & 0xFFF00);
                break;
        }
    }

    private string ReadLinkTarget(ErofsInode inode, Budget budget)
    {
        if (inode.Size is 0 or > ErofsFormat.MaximumLinkTargetLength)
        {
            throw Malformed(inode.Offset, $"link target of {inode.Size} bytes is not possible");
        }

        budget.Take(inode.Size, inode.Offset);
        byte[] target = Content(inode, budget).ToArray();
        return target.Contains((byte)0) ? throw Malformed(inode.Offset, "link target holds a NUL") : LinuxText.Decode(target);
    }

    /// <summary>
    /// Bytes of metadata that may still be read. In a sound image no two inodes share any, so that all of them fit into its length;
    /// an image made to have each of many inodes point to the same large range would cost the square of its size.
    /// </summary>
    private sealed class Budget(long bytes)
    {
        private long _left = bytes;

        public void Take(long count, long offset)
        {
            _left = count > _left ? throw Malformed(offset, "inodes claim more metadata than the image has bytes") : _left - count;
        }
    }
}
