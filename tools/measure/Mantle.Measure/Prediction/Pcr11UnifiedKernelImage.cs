using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tcg;

namespace Mantle.Measure.Prediction;

/// <summary>
/// PCR 11, the UKI's payload: for each section, in the stub's order and not the file's, the name and then the content. Boot phases that
/// systemd's userspace would add are not part of it: nothing in a sealed image measures them.
/// </summary>
internal static class Pcr11UnifiedKernelImage
{
    public const int Index = 11;

    public static PcrPlan Plan(BootInputs inputs)
    {
        List<PlannedEvent> events = [];
        foreach (string name in inputs.Stub.Sections)
        {
            if (inputs.Section(name) is { } content)
            {
                EventSource source = new(EventSourceKind.Section, name);
                events.Add(new(
                    EventType.Ipl, ByteSource.FromMemory(Encoding.ASCII.GetBytes(name + "\0")), $"name of {name}", source));
                events.Add(new(EventType.Ipl, content, $"content of {name}, {content.Length} bytes", source));
            }
        }

        return new(Index, events);
    }
}
