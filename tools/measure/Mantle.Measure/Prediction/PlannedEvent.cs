using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tcg;

namespace Mantle.Measure.Prediction;

/// <summary>An event whose data is known but not yet hashed, so that all contents can be hashed together on all cores.</summary>
internal sealed record PlannedEvent(EventType EventType, ByteSource Data, string Description, EventSource Source)
{
    private static readonly ByteSource s_fourZeros = ByteSource.FromMemory(new byte[4]);

    /// <summary>EV_EFI_ACTION: the text itself is hashed, without a NUL.</summary>
    public static PlannedEvent Action(string text) => new(
        EventType.EfiAction, ByteSource.FromMemory(Encoding.ASCII.GetBytes(text)), $"\"{text}\"", FirmwareConstant);

    /// <summary>EV_SEPARATOR: four zero bytes.</summary>
    public static PlannedEvent Separator => new(EventType.Separator, s_fourZeros, "separator 00000000", FirmwareConstant);

    private static EventSource FirmwareConstant => new(EventSourceKind.FirmwareConstant, "TCG PC Client Platform Firmware Profile");
}

/// <summary>The events of one PCR, or why they cannot be known.</summary>
internal sealed record PcrPlan(int Index, IReadOnlyList<PlannedEvent> Events, string? Unpredictable = null)
{
    public static PcrPlan Unknown(int index, string reason) => new(index, [], reason);
}
