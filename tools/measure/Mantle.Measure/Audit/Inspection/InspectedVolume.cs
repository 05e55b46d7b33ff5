using Mantle.Formats.Bytes;
using Mantle.Formats.Gpt;

namespace Mantle.Measure.Audit.Inspection;

/// <summary>A partition, or the whole input when it is no disk.</summary>
public sealed record InspectedVolume
{
    /// <summary>Where it is, such as <c>partition 2 (root-x86-64)</c>.</summary>
    public required string Place { get; init; }

    /// <summary>What it is for.</summary>
    public required VolumeRole Role { get; init; }

    /// <summary>The format of its content: <c>erofs</c>, <c>verity</c>, <c>zeros</c>, <c>unknown</c>.</summary>
    public required string Format { get; init; }

    /// <summary>Its bytes.</summary>
    public required ByteSource Content { get; init; }

    /// <summary>The entry of the partition table, or null.</summary>
    public GptPartition? Partition { get; init; }

    /// <summary>Its files, or null when it has none or they could not be read (then there is a <see cref="Gap"/>).</summary>
    public InspectedTree? Tree { get; init; }
}
