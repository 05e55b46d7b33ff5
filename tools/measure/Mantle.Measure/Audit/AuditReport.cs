using Mantle.Measure.Audit.Inspection;
using Mantle.Measure.Audit.Rules;

namespace Mantle.Measure.Audit;

/// <summary>What an audit found.</summary>
public sealed record AuditReport
{
    /// <summary>Name of the image.</summary>
    public required string InputName { get; init; }

    /// <summary>The rules that were applied.</summary>
    public required RuleSet Rules { get; init; }

    /// <summary>The image, taken apart.</summary>
    public required InspectedImage Image { get; init; }

    /// <summary>Findings that no waiver covers, worst first.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>Findings that a waiver covers.</summary>
    public required IReadOnlyList<Finding> Waived { get; init; }

    /// <summary>What could not be looked into.</summary>
    public required IReadOnlyList<Gap> Gaps { get; init; }

    /// <summary>The day that waivers were compared with, or null.</summary>
    public DateOnly? At { get; init; }

    /// <summary>Files, folders and links, each once, in all trees.</summary>
    public required long Files { get; init; }

    /// <summary>ELF programs and scripts.</summary>
    public required long Programs { get; init; }

    /// <summary>Files whose whole content was searched.</summary>
    public required long SearchedFiles { get; init; }

    /// <summary>Their bytes.</summary>
    public required long SearchedBytes { get; init; }

    /// <summary>The verdict: a gap never allows <see cref="AuditVerdict.Sealed"/>.</summary>
    public AuditVerdict Verdict => Findings.Count > 0 ? AuditVerdict.Findings : Gaps.Count > 0 ? AuditVerdict.NotAudited : AuditVerdict.Sealed;
}
