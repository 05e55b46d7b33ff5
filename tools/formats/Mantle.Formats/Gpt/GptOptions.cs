namespace Mantle.Formats.Gpt;

/// <summary>A disk to be laid out by <see cref="GptWriter"/>.</summary>
public sealed class GptOptions
{
    /// <summary>Identifier of the disk.</summary>
    public required Guid DiskId { get; init; }

    /// <summary>Partitions in the order of the table and of the disk, at most 128.</summary>
    public required IReadOnlyList<GptNewPartition> Partitions { get; init; }

    /// <summary>Partitions start, and the disk ends, at a multiple of this many bytes; a multiple of 512.</summary>
    public long AlignmentBytes { get; init; } = 1 << 20;
}
