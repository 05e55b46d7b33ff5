using System.Buffers.Binary;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Erofs;

/// <summary>An inode as it was read (struct erofs_inode_compact or erofs_inode_extended), before its data are looked at.</summary>
internal sealed record ErofsInode
{
    private const int VersionMask = 0x1;
    private const int DataLayoutShift = 1;
    private const int DataLayoutMask = 0x7;
    private const int KnownFormatBits = VersionMask | (DataLayoutMask << DataLayoutShift);

    public required ulong Nid { get; init; }

    /// <summary>Offset in the image in bytes.</summary>
    public required long Offset { get; init; }

    public required bool IsExtended { get; init; }

    public required ErofsDataLayout DataLayout { get; init; }

    public required FileKind Kind { get; init; }

    public required int Permissions { get; init; }

    public required uint Links { get; init; }

    public required long Size { get; init; }

    /// <summary>The field i_u: first block, device number or chunk format.</summary>
    public required uint Data { get; init; }

    public required uint UserId { get; init; }

    public required uint GroupId { get; init; }

    public required long ModifiedSeconds { get; init; }

    /// <summary>Bytes of the extended attributes behind the inode.</summary>
    public required int AttributeLength { get; init; }

    public long AttributeOffset => Offset + (IsExtended ? ErofsFormat.ExtendedInodeLength : ErofsFormat.CompactInodeLength);

    /// <summary>Offset of what follows the attributes: a tail, or chunk addresses.</summary>
    public long BodyOffset => AttributeOffset + AttributeLength;

    public bool IsCompressed => DataLayout is ErofsDataLayout.CompressedFull or ErofsDataLayout.CompressedCompact;

    /// <summary>Decodes the inode at <paramref name="offset"/>, of which at least 32 bytes are given, 64 where the image has them.</summary>
    public static ErofsInode Read(ReadOnlySpan<byte> bytes, ulong nid, long offset, ErofsSuperblock superblock)
    {
        int format = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        int layout = (format >> DataLayoutShift) & DataLayoutMask;
        if ((format & ~KnownFormatBits) != 0 || layout > (int)ErofsDataLayout.ChunkBased)
        {
            throw Malformed($"inode format 0x{format:x4} is not supported");
        }

        bool isExtended = (format & VersionMask) != 0;
        if (isExtended && bytes.Length < ErofsFormat.ExtendedInodeLength)
        {
            throw Malformed("extended inode runs past the end of the image");
        }

        int mode = BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]);
        FileKind kind = (FileKind)(mode >> 12);
        if (ErofsFormat.FileType(kind) == 0)
        {
            throw Malformed($"mode 0x{mode:x4} is of no file type");
        }

        ulong size = isExtended ? BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) : BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (size > long.MaxValue)
        {
            throw Malformed($"size {size} is out of range");
        }

        int attributeUnits = BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]);
        return new ErofsInode
        {
            Nid = nid,
            Offset = offset,
            IsExtended = isExtended,
            DataLayout = (ErofsDataLayout)layout,
            Kind = kind,
            Permissions = mode & 0xFFF,
            Links = isExtended ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[44..]) : BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]),
            Size = (long)size,
            Data = BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]),
            UserId = isExtended ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[24..]) : BinaryPrimitives.ReadUInt16LittleEndian(bytes[24..]),
            GroupId = isExtended ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[28..]) : BinaryPrimitives.ReadUInt16LittleEndian(bytes[26..]),
            ModifiedSeconds = isExtended ? BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]) : superblock.BuildTimeSeconds,
            AttributeLength = attributeUnits == 0
                ? 0
                : ErofsFormat.AttributeBodyHeaderLength + ((attributeUnits - 1) * ErofsFormat.AttributeUnit),
        };

        MalformedInputException Malformed(string problem) => new(ErofsFormat.Name, offset, $"{problem} (inode {nid})");
    }
}
