namespace Mantle.Measure.Comparison;

/// <summary>What becomes of one PCR between two images.</summary>
/// <param name="Index">0 to 23.</param>
/// <param name="A">SHA-384 value after booting A in lower-case hex; null if it is not predicted.</param>
/// <param name="B">SHA-384 value after booting B in lower-case hex; null if it is not predicted.</param>
/// <param name="Reasons">The events that changed, in order; why it is not predicted; empty if the PCR stays.</param>
public sealed record PcrMovement(int Index, string? A, string? B, IReadOnlyList<string> Reasons)
{
    /// <summary>Whether the value is another. Null: it is not predicted for both.</summary>
    public bool? Moves => A is null || B is null ? null : A != B;
}
