using Mantle.Formats.Bytes;

namespace Mantle.Formats.Gpt;

/// <summary>A partition to be laid out.</summary>
public sealed class GptNewPartition
{
    /// <summary>What the partition is for; see <see cref="DiscoverablePartitions"/>.</summary>
    public required Guid TypeId { get; init; }

    /// <summary>The partition's own identifier.</summary>
    public required Guid Id { get; init; }

    /// <summary>Name, at most 36 UTF-16 units.</summary>
    public required string Name { get; init; }

    /// <summary>Attribute bits; see <see cref="DiscoverablePartitions"/>.</summary>
    public ulong Attributes { get; init; }

    /// <summary>What stands at the start of the partition; zeros follow.</summary>
    public required ByteSource Content { get; init; }

    /// <summary>Size in bytes, rounded up to whole sectors; 0 for the length of the content.</summary>
    public long SizeBytes { get; init; }
}
