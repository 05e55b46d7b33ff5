using System.Buffers.Binary;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Squashfs;

/// <summary>An inode as it is stored, its owner looked up (the squashfs_*_inode structures).</summary>
internal sealed class SquashfsInode
{
    private const int HeadLength = 16;
    private const int ExtendedTypes = 7; // added to a basic type

    private static readonly FileKind[] s_kinds =
    [
        FileKind.Directory, FileKind.Regular, FileKind.SymbolicLink, FileKind.BlockDevice, FileKind.CharacterDevice, FileKind.Fifo, FileKind.Socket,
    ];

    public required ulong Reference { get; init; }

    /// <summary>The type without the distinction of basic and extended, as directories name it.</summary>
    public required int BasicType { get; init; }

    public required FileKind Kind { get; init; }

    public required int Permissions { get; init; }

    public required int UserIndex { get; init; }

    public required int GroupIndex { get; init; }

    public required uint ModifiedSeconds { get; init; }

    /// <summary>Number of the set of extended attributes.</summary>
    public uint Attributes { get; private set; } = SquashfsFormat.NoAttributes;

    /// <summary>Bytes of a file or a link's target; what a directory says of itself.</summary>
    public long Size { get; private set; }

    /// <summary>Where a file's blocks start, or the block of a directory's entries.</summary>
    public ulong Start { get; private set; }

    /// <summary>Offset of a directory's entries in their block, or of a file's end in its fragment.</summary>
    public uint Offset { get; private set; }

    public uint Fragment { get; private set; } = SquashfsFormat.NoFragment;

    public uint Device { get; private set; }

    public byte[] LinkTarget { get; private set; } = [];

    /// <summary>Lengths of a file's blocks, four bytes each.</summary>
    public byte[] Blocks { get; private set; } = [];

    public static SquashfsInode Read(SquashfsMetadata metadata, SquashfsSuperblock superblock, ulong reference, long referrer)
    {
        SquashfsMetadata.Position position = metadata.At(superblock.InodeTable, reference, referrer);
        long offset = position.Block;
        Span<byte> head = metadata.Read(ref position, HeadLength);
        int type = BinaryPrimitives.ReadUInt16LittleEndian(head);
        bool isExtended = type > ExtendedTypes;
        int basicType = isExtended ? type - ExtendedTypes : type;
        if (basicType is < 1 or > ExtendedTypes)
        {
            throw new MalformedInputException(SquashfsFormat.Name, offset, $"inode type {type} is not known");
        }

        SquashfsInode inode = new()
        {
            Reference = reference,
            BasicType = basicType,
            Kind = s_kinds[basicType - 1],
            Permissions = BinaryPrimitives.ReadUInt16LittleEndian(head[2..]) & 0xFFF,
            UserIndex = BinaryPrimitives.ReadUInt16LittleEndian(head[4..]),
            GroupIndex = BinaryPrimitives.ReadUInt16LittleEndian(head[6..]),
            ModifiedSeconds = BinaryPrimitives.ReadUInt32LittleEndian(head[8..]),
        };
        switch (inode.Kind)
        {
            case FileKind.Directory:
                inode.ReadDirectory(metadata, ref position, isExtended);
                break;
            case FileKind.Regular:
                inode.ReadFile(metadata, ref position, isExtended, superblock);
                break;
            case FileKind.SymbolicLink:
                inode.ReadLink(metadata, ref position, isExtended);
                break;
            default:
                inode.ReadSpecial(metadata, ref position, isExtended);
                break;
        }

        return inode;
    }

    // Basic: block, links, size (2), offset (2), parent. Extended: links, size, block, parent, index entries (2), offset (2), attributes.
    private void ReadDirectory(SquashfsMetadata metadata, ref SquashfsMetadata.Position position, bool isExtended)
    {
        Span<byte> bytes = metadata.Read(ref position, isExtended ? 24 : 16);
        Start = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(isExtended ? 8 : 0)..]);
        Size = isExtended ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) : BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]);
        Offset = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(isExtended ? 18 : 10)..]);
        Attributes = isExtended ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]) : Attributes;
    }

    // Basic: start (4), fragment, offset, size (4). Extended: start (8), size (8), sparse bytes (8), links, fragment, offset, attributes.
    private void ReadFile(SquashfsMetadata metadata, ref SquashfsMetadata.Position position, bool isExtended, SquashfsSuperblock superblock)
    {
        long offset = position.Block;
        Span<byte> bytes = metadata.Read(ref position, isExtended ? 40 : 16);
        Start = isExtended ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        ulong size = isExtended ? BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) : BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
        Fragment = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(isExtended ? 28 : 4)..]);
        Offset = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(isExtended ? 32 : 8)..]);
        Attributes = isExtended ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[36..]) : Attributes;
        if (size > long.MaxValue - (1 << SquashfsFormat.MaximumBlockBits))
        {
            throw new MalformedInputException(SquashfsFormat.Name, offset, $"file of {size} bytes is not possible");
        }

        Size = (long)size;
        long blocks = (Fragment == SquashfsFormat.NoFragment ? Size + superblock.BlockSize - 1 : Size) / superblock.BlockSize;
        if (blocks > Array.MaxLength / sizeof(uint))
        {
            throw new MalformedInputException(SquashfsFormat.Name, offset, $"file of {blocks} blocks is not possible");
        }

        Blocks = metadata.Read(ref position, blocks * sizeof(uint));
    }

    // Links, length, target; extended: attributes behind it.
    private void ReadLink(SquashfsMetadata metadata, ref SquashfsMetadata.Position position, bool isExtended)
    {
        long offset = position.Block;
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(metadata.Read(ref position, 8).AsSpan(4));
        if (length is 0 or > SquashfsFormat.MaximumLinkTargetLength)
        {
            throw new MalformedInputException(SquashfsFormat.Name, offset, $"link target of {length} bytes is not possible");
        }

        Size = length;
        LinkTarget = metadata.Read(ref position, length);
        Attributes = isExtended ? BinaryPrimitives.ReadUInt32LittleEndian(metadata.Read(ref position, sizeof(uint))) : Attributes;
        if (LinkTarget.Contains((byte)0))
        {
            throw new MalformedInputException(SquashfsFormat.Name, offset, "link target holds a NUL");
        }
    }

    // Links; of devices the number; extended: attributes.
    private void ReadSpecial(SquashfsMetadata metadata, ref SquashfsMetadata.Position position, bool isExtended)
    {
        bool isDevice = Kind is FileKind.BlockDevice or FileKind.CharacterDevice;
        Span<byte> bytes = metadata.Read(ref position, sizeof(uint) * (1 + (isDevice ? 1 : 0) + (isExtended ? 1 : 0)));
        Device = isDevice ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) : 0;
        Attributes = isExtended ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]) : Attributes;
    }
}
