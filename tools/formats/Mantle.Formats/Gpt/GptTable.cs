namespace Mantle.Formats.Gpt;

/// <summary>The partition table of a disk as it was read.</summary>
public sealed class GptTable
{
    /// <summary>Identifier of the disk.</summary>
    public required Guid DiskId { get; init; }

    /// <summary>Size of the disk in sectors of 512 bytes.</summary>
    public required long SectorCount { get; init; }

    /// <summary>First sector that a partition may use.</summary>
    public required long FirstUsableLba { get; init; }

    /// <summary>Last sector that a partition may use.</summary>
    public required long LastUsableLba { get; init; }

    /// <summary>Sector where the backup header is, or should be.</summary>
    public required long BackupLba { get; init; }

    /// <summary>Number of partition entries, used or not.</summary>
    public required int EntryCount { get; init; }

    /// <summary>Size of an entry in bytes.</summary>
    public required int EntrySize { get; init; }

    /// <summary>Used entries in the order of the table.</summary>
    public required IReadOnlyList<GptPartition> Partitions { get; init; }

    /// <summary>What was allowed by <see cref="GptReadOptions.Allow"/> and found.</summary>
    public required IReadOnlyList<GptFinding> Deviations { get; init; }

    /// <summary>
    /// The bytes that firmware measures in EV_EFI_GPT_EVENT (TCG PC Client PFP, UEFI_GPT_DATA; EDK2 Tcg2MeasureGptTable): the first 92 bytes of the
    /// primary header as on disk, the number of used entries as 64 bits, the used entries. Empty if the primary table is damaged: firmware repairs
    /// such a table before it measures.
    /// </summary>
    public required ReadOnlyMemory<byte> MeasuredData { get; init; }
}
