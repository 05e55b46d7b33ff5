using Mantle.Measure.Audit.Rules;

namespace Mantle.Measure.Audit;

/// <summary>What an audit is told beside the image.</summary>
public sealed record AuditOptions
{
    /// <summary>Name of the image in reports.</summary>
    public string InputName { get; init; } = "image";

    /// <summary>The rules; those that this program carries unless others are given.</summary>
    public RuleSet Rules { get; init; } = RuleSet.BuiltIn;

    /// <summary>Findings that somebody answers for.</summary>
    public IReadOnlyList<Waiver> Waivers { get; init; } = [];

    /// <summary>The day that the waivers' expiry is compared with: the release's epoch. Needed when there are waivers.</summary>
    public DateOnly? At { get; init; }

    /// <summary>
    /// Folder for what comes out of decompressors when it is more than a few megabytes: files without names, gone with the process. Null: it is held in
    /// memory.
    /// </summary>
    public string? SpoolFolder { get; init; }

    /// <summary>Most bytes that may come out of one initrd or kernel; what goes on after them is a gap.</summary>
    public long MaximumUnpackedLength { get; init; } = 1L << 30;

    /// <summary>
    /// Whether kernels are unpacked for the rules on kernels, which takes a second or so for each. Without it those rules find nothing: for somebody who
    /// has chosen the kernel and asks often.
    /// </summary>
    public bool LooksIntoKernels { get; init; } = true;

    /// <summary>Threads, at least 1. The result does not depend on it.</summary>
    public int Workers { get; init; } = 1;
}
