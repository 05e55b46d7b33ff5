using Mantle.Formats.Bytes;
using Mantle.Formats.Gpt;
using Mantle.Formats.Tree;

namespace Mantle.Measure.Audit.Inspection;

/// <summary>All parts of an image that the rules look at.</summary>
public sealed record InspectedImage
{
    /// <summary>What it is: <c>disk</c>, <c>uki</c>, <c>pe</c>, <c>file system</c>, <c>archive</c> or <c>unknown</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Size in bytes.</summary>
    public required long Length { get; init; }

    /// <summary>The partition table, or null.</summary>
    public GptTable? Table { get; init; }

    /// <summary>The partitions in the order of the table, or the input itself.</summary>
    public required IReadOnlyList<InspectedVolume> Volumes { get; init; }

    /// <summary>Every file tree, nested ones behind the tree they are in.</summary>
    public required IReadOnlyList<InspectedTree> Trees { get; init; }

    /// <summary>Every PE file that firmware could start.</summary>
    public required IReadOnlyList<EfiProgram> EfiPrograms { get; init; }

    /// <summary>Every way in which a kernel is started.</summary>
    public required IReadOnlyList<BootEntry> BootEntries { get; init; }

    /// <summary>Every kernel that can be started.</summary>
    public required IReadOnlyList<InspectedKernel> Kernels { get; init; }

    /// <summary>Root hashes on command lines, checked against the volumes.</summary>
    public required IReadOnlyList<VerityBinding> Verity { get; init; }

    /// <summary>What could not be looked into.</summary>
    public required IReadOnlyList<Gap> Gaps { get; init; }

    /// <summary>Files that were taken apart, and what is left of each to be searched as a whole: their parts are looked at where they belong.</summary>
    internal IReadOnlyDictionary<FileNode, ByteSource> Opened { get; init; } = new Dictionary<FileNode, ByteSource>();
}
