namespace Mantle.Formats.Ext4;

/// <summary>Features that a reader must know (s_feature_incompat).</summary>
[Flags]
public enum Ext4IncompatibleFeatures : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Directory entries say the kind of file.</summary>
    FileType = 0x2,

    /// <summary>The journal has what is not in its place yet.</summary>
    NeedsRecovery = 0x4,

    /// <summary>Group descriptors are spread over the device.</summary>
    MetaBlockGroups = 0x10,

    /// <summary>Files may have extents.</summary>
    Extents = 0x40,

    /// <summary>Block numbers of 64 bits.</summary>
    Bits64 = 0x80,

    /// <summary>Protection against being mounted twice.</summary>
    MultipleMountProtection = 0x100,

    /// <summary>Inode tables and bitmaps may be anywhere.</summary>
    FlexibleGroups = 0x200,

    /// <summary>Large extended attributes in inodes of their own.</summary>
    AttributeInodes = 0x400,

    /// <summary>Checksums start from a value of the superblock and not from the identifier.</summary>
    ChecksumSeed = 0x2000,

    /// <summary>Directories of more than 2 GiB.</summary>
    LargeDirectories = 0x4000,

    /// <summary>Small files inside their inodes.</summary>
    InlineData = 0x8000,

    /// <summary>Encrypted directories may be there.</summary>
    Encryption = 0x10000,

    /// <summary>Directories in which case does not matter may be there.</summary>
    CaseFolding = 0x20000,

    /// <summary>What is read here. Encrypted and case-folding directories are refused when one is met.</summary>
    Known = FileType | NeedsRecovery | MetaBlockGroups | Extents | Bits64 | MultipleMountProtection | FlexibleGroups | AttributeInodes
        | ChecksumSeed | LargeDirectories | InlineData | Encryption | CaseFolding,
}
