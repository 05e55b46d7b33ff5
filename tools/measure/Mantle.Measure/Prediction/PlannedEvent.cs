using System.Buffers.Binary;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tcg;

namespace Mantle.Measure.Prediction;

/// <summary>An event whose data is known but not yet hashed, so that all contents can be hashed together on all cores.</summary>
/// <param name="EventType">The TCG event type.</param>
/// <param name="Data">What is hashed.</param>
/// <param name="Description">What is measured, one line.</param>
/// <param name="Source">Which input the digest comes from.</param>
/// <param name="Logged">The event data of the log; null when the machine decides it (a device path).</param>
internal sealed record PlannedEvent(EventType EventType, ByteSource Data, string Description, EventSource Source, ReadOnlyMemory<byte>? Logged = null)
{
    private static readonly ByteSource s_fourZeros = ByteSource.FromMemory(new byte[4]);

    /// <summary>EV_EFI_ACTION: the text itself is hashed, without a NUL.</summary>
    public static PlannedEvent Action(string text) => Whole(EventType.EfiAction, Encoding.ASCII.GetBytes(text), $"\"{text}\"", FirmwareConstant);

    /// <summary>EV_SEPARATOR: four zero bytes.</summary>
    public static PlannedEvent Separator => new(EventType.Separator, s_fourZeros, "separator 00000000", FirmwareConstant, new byte[4]);

    private static EventSource FirmwareConstant => new(EventSourceKind.FirmwareConstant, "TCG PC Client Platform Firmware Profile");

    /// <summary>An event whose log data is what is hashed.</summary>
    public static PlannedEvent Whole(EventType type, byte[] data, string description, EventSource source) =>
        new(type, ByteSource.FromMemory(data), description, source, data);

    /// <summary>EV_IPL of systemd-stub: the log has a text in UTF-16 with NUL, whatever was hashed.</summary>
    public static PlannedEvent Ipl(ByteSource data, string logged, string description, EventSource source) =>
        new(EventType.Ipl, data, description, source, Utf16(logged));

    /// <summary>EV_EVENT_TAG: the log has the tag, the length of a text and the text; the data itself is hashed.</summary>
    public static PlannedEvent Tagged(uint tag, byte[]? text, ByteSource data, string description, EventSource source)
    {
        byte[]? logged = null;
        if (text is not null)
        {
            logged = new byte[8 + text.Length];
            BinaryPrimitives.WriteUInt32LittleEndian(logged, tag);
            BinaryPrimitives.WriteInt32LittleEndian(logged.AsSpan(4), text.Length);
            text.CopyTo(logged, 8);
        }

        return new(EventType.EventTag, data, description, source, logged);
    }

    /// <summary>UTF-16 with a NUL, as UEFI and the kernel's EFI stub have texts.</summary>
    public static byte[] Utf16(string text) => Encoding.Unicode.GetBytes(text + "\0");
}

/// <summary>The events of one PCR, or why they cannot be known.</summary>
internal sealed record PcrPlan(int Index, IReadOnlyList<PlannedEvent> Events, string? Unpredictable = null)
{
    /// <summary>What has to be known to know the events.</summary>
    public PcrBasis Basis { get; init; } = PcrBasis.Image;

    public static PcrPlan Unknown(int index, string reason) => new(index, [], reason);
}
