namespace Mantle.Measure.EventLogs;

/// <summary>How much a finding weighs.</summary>
public enum FindingLevel
{
    /// <summary>Worth knowing; the log is as the specification wants it.</summary>
    Note,

    /// <summary>The firmware, or whoever wrote the log, deviates from the specification; the replay still holds.</summary>
    Warning,

    /// <summary>The log is not whole, so that its replay is not what the TPM did.</summary>
    Error,
}

/// <summary>Something about a log that a reader should know.</summary>
/// <param name="Defect">What it is.</param>
/// <param name="Event">Index of the first event that it is about, or null for the log as a whole.</param>
/// <param name="Evidence">What in the log shows it; safe to print.</param>
public sealed record LogFinding(LogDefect Defect, int? Event, string Evidence);
