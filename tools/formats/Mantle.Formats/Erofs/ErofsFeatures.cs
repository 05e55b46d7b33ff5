namespace Mantle.Formats.Erofs;

/// <summary>Features that a reader may ignore (EROFS_FEATURE_COMPAT).</summary>
[Flags]
public enum ErofsCompatibleFeatures : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The superblock has a CRC-32C.</summary>
    SuperblockChecksum = 0x1,

    /// <summary>Times in extended inodes are modification times.</summary>
    ModificationTime = 0x2,

    /// <summary>Extended attribute bodies have a Bloom filter of names.</summary>
    AttributeFilter = 0x4,
}

/// <summary>Features that a reader must know (EROFS_FEATURE_INCOMPAT).</summary>
[Flags]
public enum ErofsIncompatibleFeatures : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Compressed clusters are padded at the front.</summary>
    ZeroPadding = 0x1,

    /// <summary>Compression parameters follow the superblock; or clusters of more than a block (the two share the bit).</summary>
    CompressionConfigurations = 0x2,

    /// <summary>Chunk-based files.</summary>
    ChunkedFile = 0x4,

    /// <summary>A table of further devices; or a second compression algorithm in a file (the two share the bit).</summary>
    DeviceTable = 0x8,

    /// <summary>Tails of compressed files beside the inode.</summary>
    CompressedTailPacking = 0x10,

    /// <summary>Tails of compressed files packed in a special inode; or deduplicated clusters (the two share the bit).</summary>
    Fragments = 0x20,

    /// <summary>Prefixes of extended attribute names beyond the built-in ones.</summary>
    AttributePrefixes = 0x40,

    /// <summary>All of the above.</summary>
    Known = ZeroPadding | CompressionConfigurations | ChunkedFile | DeviceTable | CompressedTailPacking | Fragments | AttributePrefixes,
}
