using System.Text;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Explain;

/// <summary>One extend as a hypothesis has it: digests per bank, and where they come from.</summary>
internal sealed record ModelEvent(EventType Type, IReadOnlyDictionary<TpmAlgorithm, TpmDigest> Digests, string Description, EventSource Source)
{
    public const string CallingText = "Calling EFI Application from Boot Option";
    public const string ReturningText = "Returning from EFI Application from Boot Option";

    private static readonly EventSource s_firmware = new(EventSourceKind.FirmwareConstant, "firmware");

    public static ModelEvent Separator { get; } = Of(EventType.Separator, new byte[4], "separator 00000000");

    public static ModelEvent Calling { get; } = Action(CallingText);

    public static ModelEvent Returning { get; } = Action(ReturningText);

    public bool IsSeparator => Type == EventType.Separator;

    public bool IsGpt => Type is EventType.EfiGptEvent or EventType.EfiGptEvent2;

    public bool IsImage => Type == EventType.EfiBootServicesApplication;

    public bool IsBootFile => IsImage && Source.Kind == EventSourceKind.File;

    public bool IsInnerKernel => IsImage && Source is { Kind: EventSourceKind.Section, Name: ".linux" };

    /// <summary>The content of a section, not its name, in PCR 11.</summary>
    public bool IsContentOf(string section) => Type == EventType.Ipl && Source.Name == section && !IsNameOf(section);

    /// <summary>The name of a section in PCR 11.</summary>
    public bool IsNameOf(string section) => Type == EventType.Ipl && Source.Name == section && IsOf(Encoding.ASCII.GetBytes(section + "\0"));

    /// <summary>Whether the digests are those of these bytes, in every bank of the event.</summary>
    public bool IsOf(ReadOnlySpan<byte> data)
    {
        foreach ((TpmAlgorithm bank, TpmDigest digest) in Digests)
        {
            if (bank.HashData(data) != digest)
            {
                return false;
            }
        }

        return true;
    }

    public static ModelEvent From(PredictedEvent e) => new(e.EventType, e.Digests, e.Description, e.Source);

    public static ModelEvent Of(EventType type, ReadOnlySpan<byte> data, string description, EventSource? source = null)
    {
        SortedDictionary<TpmAlgorithm, TpmDigest> digests = [];
        foreach (TpmAlgorithm bank in TpmHash.Computable)
        {
            digests.Add(bank, bank.HashData(data));
        }

        return new(type, digests, description, source ?? s_firmware);
    }

    public static ModelEvent Action(string text) => Of(EventType.EfiAction, Encoding.ASCII.GetBytes(text), $"\"{text}\"");

    /// <summary>Text as the stub and the kernel measure it: UTF-16 with NUL.</summary>
    public static ModelEvent Words(EventType type, string text, string description) =>
        Of(type, Encoding.Unicode.GetBytes(text + "\0"), description, new(EventSourceKind.Section, "command line"));
}
