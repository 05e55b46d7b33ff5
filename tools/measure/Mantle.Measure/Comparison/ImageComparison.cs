namespace Mantle.Measure.Comparison;

/// <summary>How two images, two UKIs or two output folders differ.</summary>
public sealed record ImageComparison
{
    /// <summary>True when every byte that was compared is equal.</summary>
    public bool AreEqual => Differences.Count == 0;

    /// <summary>The differences, from the outside in, in the order of the bytes.</summary>
    public required IReadOnlyList<Difference> Differences { get; init; }

    /// <summary>The difference to look at first: the first that is no consequence of others. Null: there is none.</summary>
    public Difference? First => Differences.FirstOrDefault(difference => difference.Cause != LikelyCause.Consequence) ?? (Differences.Count > 0 ? Differences[0] : null);

    /// <summary>What could not be looked into, and why.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Tools, recipe, lock and sources that differ, from the manifests; empty without manifests.</summary>
    public required IReadOnlyList<InputDifference> Inputs { get; init; }

    /// <summary>Packages that differ, from the manifests or SBOMs; empty without them.</summary>
    public required IReadOnlyList<PackageDifference> Packages { get; init; }

    /// <summary>Every PCR that is predicted, by ascending index, in the bank SHA-384; empty if the inputs are neither disks nor UKIs.</summary>
    public required IReadOnlyList<PcrMovement> Pcrs { get; init; }
}

/// <summary>An input of a build that is another.</summary>
/// <param name="Name">What it is: <c>tool</c>, <c>recipe</c>, <c>../artifacts/guest/init</c>.</param>
/// <param name="A">Version or digest in A; null if A has none.</param>
/// <param name="B">Version or digest in B; null if B has none.</param>
public sealed record InputDifference(string Name, string? A, string? B);

/// <summary>A package that is another.</summary>
/// <param name="Name">Its name.</param>
/// <param name="A">Version in A; null if A has not got it.</param>
/// <param name="B">Version in B; null if B has not got it. Equal to A for another file of the same version.</param>
public sealed record PackageDifference(string Name, string? A, string? B);
