namespace Mantle.Formats.Squashfs;

/// <summary>
/// Sizes and constants of squashfs 4.0 (Linux fs/squashfs/squashfs_fs.h; Documentation/filesystems/squashfs.rst). All integers are
/// little-endian. Metadata is a sequence of blocks of up to 8 KiB, each compressed by itself behind a length of two bytes.
/// </summary>
internal static class SquashfsFormat
{
    public const string Name = "squashfs";
    public const uint Magic = 0x73717368;
    public const int SuperblockLength = 96;
    public const int Version = 4;

    public const int MinimumBlockBits = 12;
    public const int MaximumBlockBits = 20;

    public const int MetadataBlockLength = 8192;
    public const int MetadataHeaderLength = 2;
    public const int MetadataPlainFlag = 0x8000;

    /// <summary>Set in the length of a data block that is not compressed.</summary>
    public const uint DataPlainFlag = 1 << 24;

    /// <summary>In place of the number of a fragment: there is none.</summary>
    public const uint NoFragment = uint.MaxValue;

    /// <summary>In place of the number of a set of extended attributes, or the offset of a table: there is none.</summary>
    public const uint NoAttributes = uint.MaxValue;
    public const ulong NoTable = ulong.MaxValue;

    public const int FragmentEntryLength = 16;
    public const int IdLength = 4;
    public const int AttributeEntryLength = 16;

    /// <summary>Said of a directory beyond what its entries take, for "." and "..", which are not stored.</summary>
    public const int DirectorySizeExcess = 3;
    public const int DirectoryHeaderLength = 12;
    public const int MaximumEntriesPerHeader = 256;
    public const int MaximumNameLength = 256;

    /// <summary>Longest target that Linux follows: PATH_MAX without the terminator.</summary>
    public const int MaximumLinkTargetLength = 4095;

    /// <summary>Deepest directory nesting that is read. Half of the deepest path that fits into PATH_MAX.</summary>
    public const int MaximumDepth = 1024;
}
