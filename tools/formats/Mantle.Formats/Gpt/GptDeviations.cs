namespace Mantle.Formats.Gpt;

/// <summary>What a disk from elsewhere may have that a strict reader refuses. Each can be allowed by name in <see cref="GptReadOptions"/>.</summary>
[Flags]
public enum GptDeviations
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The protective MBR is missing, hybrid, or of another size than the disk.</summary>
    ProtectiveMbr = 1,

    /// <summary>The MBR has boot code.</summary>
    BootCode = 2,

    /// <summary>Primary header or entries are damaged; the backup is used.</summary>
    DamagedPrimary = 4,

    /// <summary>Backup header or entries are missing or damaged.</summary>
    MissingBackup = 8,

    /// <summary>The backup is valid but says something else than the primary, which is used.</summary>
    DifferentBackup = 16,

    /// <summary>The backup header is not in the last sector: the disk has grown.</summary>
    BackupNotAtEnd = 32,

    /// <summary>Bytes that the specification wants to be zero are not.</summary>
    Slack = 64,

    /// <summary>A partition lies outside the usable sectors or runs past the end of the disk.</summary>
    Bounds = 128,

    /// <summary>Partitions overlap.</summary>
    Overlap = 256,

    /// <summary>Two partitions have one identifier.</summary>
    DuplicateId = 512,

    /// <summary>All of them.</summary>
    All = (DuplicateId * 2) - 1,
}
