using Mantle.Formats.Tcg;
using Mantle.Measure.EventLogs;

namespace Mantle.Measure.Explain;

/// <summary>How the first differing event of a PCR differs.</summary>
public enum LogDifferenceKind
{
    /// <summary>The log has an event that was not expected.</summary>
    Extra,

    /// <summary>The log lacks an event that was expected.</summary>
    Missing,

    /// <summary>The same kind of event measured something else.</summary>
    Changed,
}

/// <summary>Where the events of one PCR part.</summary>
/// <param name="Pcr">The PCR.</param>
/// <param name="Kind">How they part.</param>
/// <param name="Position">Number of equal events before it.</param>
/// <param name="Actual">The log's event in words; null if it is missing.</param>
/// <param name="Expected">The expected event's type and description; null if the log's is extra.</param>
/// <param name="Input">The input that the expected event is made of; null if the log's is extra.</param>
/// <param name="Details">What is different inside, as far as the log shows it; safe to print.</param>
public sealed record LogDifference(
    int Pcr, LogDifferenceKind Kind, int Position, ExplainedEvent? Actual, string? Expected, string? Input, IReadOnlyList<string> Details)
{
    /// <summary>The event's type.</summary>
    public EventType? Type => Actual?.Record.UntrustedType;
}
