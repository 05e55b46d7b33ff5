using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Erofs;

/// <summary>
/// Sizes and constants of EROFS, the Enhanced Read-Only File System (Linux fs/erofs/erofs_fs.h; Documentation/filesystems/erofs.rst).
/// All integers are little-endian. An inode number (nid) is the inode's offset from the metadata area in slots of 32 bytes.
/// </summary>
internal static class ErofsFormat
{
    public const string Name = "erofs";
    public const uint Magic = 0xE0F5E1E2;
    public const int SuperblockOffset = 1024;
    public const int SuperblockLength = 128;
    public const int ChecksumOffset = 4;

    /// <summary>What the writer uses; the reader takes 512 to 65536.</summary>
    public const int BlockSizeBits = 12;
    public const int BlockSize = 1 << BlockSizeBits;
    public const int MinimumBlockSizeBits = 9;
    public const int MaximumBlockSizeBits = 16;

    public const int SlotLength = 32;
    public const int CompactInodeLength = SlotLength;
    public const int ExtendedInodeLength = 2 * SlotLength;

    public const int DirectoryEntryLength = 12;
    public const int MaximumNameLength = 255;

    public const int AttributeBodyHeaderLength = 12;
    public const int AttributeEntryHeaderLength = 4;
    public const int AttributeUnit = 4;

    public const int ChunkBlockAddressLength = 4;
    public const int ChunkIndexLength = 8;

    /// <summary>Most bytes of a compressed cluster in the image (Z_EROFS_PCLUSTER_MAX_SIZE).</summary>
    public const int MaximumClusterLength = 1 << 20;

    /// <summary>Most bytes that come out of one (Z_EROFS_PCLUSTER_MAX_DSIZE).</summary>
    public const int MaximumExtentLength = 12 << 20;

    /// <summary>In place of a block number: there is no block.</summary>
    public const uint NullBlock = uint.MaxValue;

    /// <summary>Longest target that Linux follows: PATH_MAX without the terminator.</summary>
    public const int MaximumLinkTargetLength = 4095;

    /// <summary>Deepest directory nesting that is written or read. Half of the deepest path that fits into PATH_MAX.</summary>
    public const int MaximumDepth = 1024;

    /// <summary>The file type that a directory entry has for a kind of file (the FT_ values of Linux include/linux/fs_types.h).</summary>
    public static byte FileType(FileKind kind) => kind switch
    {
        FileKind.Regular => 1,
        FileKind.Directory => 2,
        FileKind.CharacterDevice => 3,
        FileKind.BlockDevice => 4,
        FileKind.Fifo => 5,
        FileKind.Socket => 6,
        FileKind.SymbolicLink => 7,
        _ => 0,
    };

    /// <summary>CRC-32C as the superblock has it: all ones at the start, not inverted at the end.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes) => Crc32C.Append(uint.MaxValue, bytes);

    public static long RoundUp(long value, long unit) => (value + unit - 1) / unit * unit;
}
