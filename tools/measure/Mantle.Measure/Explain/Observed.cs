using Mantle.Formats.Tpm;

namespace Mantle.Measure.Explain;

/// <summary>One value that the machine has and the expectation too.</summary>
/// <param name="Bank">The bank that the machine names.</param>
/// <param name="Index">The PCR that the machine names.</param>
/// <param name="Actual">The value as it was written, which may have another size than the bank's.</param>
/// <param name="Expected">The value that was predicted.</param>
public sealed record Observed(TpmAlgorithm Bank, int Index, ReadOnlyMemory<byte> Actual, ReadOnlyMemory<byte> Expected)
{
    /// <summary>Whether the two are not the same bytes.</summary>
    public bool Differs { get; } = !Actual.Span.SequenceEqual(Expected.Span);
}
