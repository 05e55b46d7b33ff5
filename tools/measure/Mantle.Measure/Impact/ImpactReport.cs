using Mantle.Measure.Comparison;

namespace Mantle.Measure.Impact;

/// <summary>Whether a change moves a PCR.</summary>
public enum PcrFate
{
    /// <summary>It keeps its value.</summary>
    Stays,

    /// <summary>It gets another value.</summary>
    Moves,

    /// <summary>It may; only the built images can tell.</summary>
    MayMove,

    /// <summary>It is not predicted for both.</summary>
    Unknown,
}

/// <summary>What becomes of one PCR.</summary>
/// <param name="Index">0 to 23.</param>
/// <param name="Fate">Whether it moves.</param>
/// <param name="A">SHA-384 value of A; null if it is not predicted.</param>
/// <param name="B">SHA-384 value of B; null if it is not predicted.</param>
/// <param name="Because">The measured inputs that move it; safe to print.</param>
public sealed record PcrImpact(int Index, PcrFate Fate, string? A, string? B, IReadOnlyList<string> Because);

/// <summary>What a change means for the PCRs, and where the change comes from.</summary>
public sealed record ImpactReport
{
    private const int MostCauses = 12;

    /// <summary>The PCRs, ascending.</summary>
    public required IReadOnlyList<PcrImpact> Pcrs { get; init; }

    /// <summary>Where the contents differ at the root, one line each; safe to print.</summary>
    public required IReadOnlyList<string> Causes { get; init; }

    /// <summary>Tools, recipe, lock and sources that differ.</summary>
    public required IReadOnlyList<InputDifference> Inputs { get; init; }

    /// <summary>Packages that differ.</summary>
    public required IReadOnlyList<PackageDifference> Packages { get; init; }

    /// <summary>What could not be looked into.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The PCRs that move or may move, ascending; a PCR that is not predicted for both counts.</summary>
    public IReadOnlyList<int> Moving => [.. Pcrs.Where(pcr => pcr.Fate != PcrFate.Stays).Select(pcr => pcr.Index)];

    /// <summary>From two images, UKIs or output folders.</summary>
    public static ImpactReport From(ImageComparison comparison)
    {
        Difference[] own = [.. comparison.Differences.Where(difference => difference.Cause != LikelyCause.Consequence)];
        List<string> causes = [.. own.Take(MostCauses).Select(Describe)];
        if (own.Length > MostCauses)
        {
            causes.Add($"and {own.Length - MostCauses} more (imagebuilder diff lists all)");
        }

        return new()
        {
            Pcrs = [.. comparison.Pcrs.Select(pcr => new PcrImpact(
                pcr.Index,
                pcr.Moves switch { true => PcrFate.Moves, false => PcrFate.Stays, null => PcrFate.Unknown },
                pcr.A, pcr.B, pcr.Reasons))],
            Causes = causes,
            Inputs = comparison.Inputs,
            Packages = comparison.Packages,
            Notes = comparison.Notes,
        };
    }

    private static string Describe(Difference difference) => difference.Kind switch
    {
        DifferenceKind.Added => $"{difference.Place}: {difference.Field} added",
        DifferenceKind.Removed => $"{difference.Place}: {difference.Field} removed",
        _ when difference is { A.Length: <= 80, B.Length: <= 80 } => $"{difference.Place}: {difference.Field} {difference.A} -> {difference.B}",
        _ => $"{difference.Place}: {difference.Field}",
    };
}
