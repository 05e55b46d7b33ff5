using Mantle.Formats.Bytes;

namespace Mantle.Formats.Gpt;

/// <summary>A used partition entry (UEFI 2.10, 5.3.3) and the bytes that it refers to.</summary>
public sealed class GptPartition
{
    /// <summary>Number of the entry from 1, as partition tools and Linux count.</summary>
    public required int Number { get; init; }

    /// <summary>What the partition is for; see <see cref="DiscoverablePartitions"/>.</summary>
    public required Guid TypeId { get; init; }

    /// <summary>The partition's own identifier.</summary>
    public required Guid Id { get; init; }

    /// <summary>First sector, of 512 bytes.</summary>
    public required long FirstLba { get; init; }

    /// <summary>Last sector, which belongs to the partition.</summary>
    public required long LastLba { get; init; }

    /// <summary>Attribute bits.</summary>
    public ulong Attributes { get; init; }

    /// <summary>Name, at most 36 UTF-16 units.</summary>
    public string Name { get; init; } = "";

    /// <summary>Offset in the disk, in bytes.</summary>
    public long Offset => FirstLba * GptFormat.SectorSize;

    /// <summary>Size in bytes.</summary>
    public long Length => (LastLba - FirstLba + 1) * GptFormat.SectorSize;

    /// <summary>The partition's bytes; fewer than <see cref="Length"/> if the disk was read with <see cref="GptDeviations.Bounds"/> allowed and ends before.</summary>
    public required ByteSource Content { get; init; }
}
