using Mantle.Formats.Tcg;

namespace Mantle.Measure.EventLogs;

/// <summary>One record of a log in words.</summary>
/// <param name="Record">The record.</param>
/// <param name="Meaning">What such an event means; one clause.</param>
/// <param name="Text">What the log says about this one; safe to print.</param>
/// <param name="Trust">What the digests say about the text.</param>
/// <param name="Owner">Who decides on what is measured.</param>
public sealed record ExplainedEvent(EventRecord Record, string Meaning, string Text, TextTrust Trust, ContentOwner Owner)
{
    /// <summary>Names for machines.</summary>
    public static string NameOf(TextTrust trust) => trust switch
    {
        TextTrust.Hashed => "hashed",
        TextTrust.Label => "label",
        TextTrust.Contradicted => "contradicted",
        _ => "not-measured",
    };

    /// <summary>Names for machines.</summary>
    public static string NameOf(ContentOwner owner) => owner switch
    {
        ContentOwner.Firmware => "firmware",
        ContentOwner.FirmwareVariables => "firmware-variables",
        ContentOwner.Disk => "disk",
        ContentOwner.CommandLine => "command-line",
        _ => "operating-system",
    };
}
