using Mantle.Measure.EventLogs;

namespace Mantle.Measure.Explain;

/// <summary>What a machine says of itself. Whatever carries PCR values, such as an attestation document, becomes one of these.</summary>
/// <param name="Origin">What it was read from, for people.</param>
/// <param name="Values">The values; of a log, those that it leads to.</param>
/// <param name="Log">The log, if there is one.</param>
public sealed record ActualValues(string Origin, PcrList Values, LogReplay? Log = null)
{
    /// <summary>The values that a log leads to.</summary>
    /// <exception cref="UserErrorException">It cannot be replayed.</exception>
    public static ActualValues FromLog(string origin, LogReplay replay) => replay.Values is { } values
        ? new(origin, PcrList.From(values), replay)
        : throw new UserErrorException($"\"{origin}\" cannot be replayed", "see what \"measure replay\" says about it");
}
