namespace Mantle.Formats.Ext4;

/// <summary>
/// Sizes and constants of ext2, ext3 and ext4 (Linux fs/ext4/ext4.h; Documentation/filesystems/ext4). All integers are little-endian.
/// </summary>
internal static class Ext4Format
{
    public const string Name = "ext4";
    public const ushort Magic = 0xEF53;
    public const int SuperblockOffset = 1024;
    public const int SuperblockLength = 1024;
    public const int ChecksumOffset = 0x3FC;
    public const uint RootInode = 2;

    public const int MinimumBlockBits = 10;
    public const int MaximumBlockBits = 16;
    public const int OldInodeLength = 128;
    public const int OldDescriptorLength = 32;
    public const int MaximumDescriptorLength = 1024;

    public const int MapOffset = 0x28;
    public const int MapLength = 60;
    public const int DirectBlocks = 12;

    public const ushort ExtentMagic = 0xF30A;
    public const int ExtentEntryLength = 12;
    public const int MaximumExtentDepth = 5;

    /// <summary>Lengths of extents beyond this one are those of extents that were never written, and read as zeros.</summary>
    public const int MaximumWrittenExtent = 1 << 15;

    public const uint AttributeMagic = 0xEA020000;
    public const int AttributeBlockHeaderLength = 32;
    public const int AttributeEntryLength = 16;

    public const int MaximumLinkTargetLength = 4095;

    /// <summary>Deepest directory nesting that is read. Half of the deepest path that fits into PATH_MAX.</summary>
    public const int MaximumDepth = 1024;
}
