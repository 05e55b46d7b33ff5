using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tcg;

namespace Mantle.Measure.Prediction;

/// <summary>
/// PCR 11, the UKI's payload: for each section, in the stub's order and not the file's, the name and then the content; then the words of the boot phases
/// that systemd's userspace measures, if they are asked for. Nothing in a sealed image measures any.
/// </summary>
internal static class Pcr11UnifiedKernelImage
{
    public const int Index = 11;

    public static PcrPlan Plan(BootInputs inputs)
    {
        List<PlannedEvent> events = [];
        foreach (string name in inputs.Stub.Sections)
        {
            ByteSource? content = inputs.Section(name);
            if (UkiSectionName.ChosenByHardware.Contains(name) && !inputs.TryChoose(name, out content, out string? problem))
            {
                return PcrPlan.Unknown(Index, problem!);
            }

            if (content is not null)
            {
                EventSource source = new(EventSourceKind.Section, name);
                events.Add(PlannedEvent.Ipl(ByteSource.FromMemory(Encoding.ASCII.GetBytes(name + "\0")), name, $"name of {name}", source));
                events.Add(PlannedEvent.Ipl(content, name, $"content of {name}, {content.Length} bytes", source));
            }
        }

        foreach (string phase in inputs.Phases)
        {
            events.Add(new(EventType.Ipl, ByteSource.FromMemory(Encoding.UTF8.GetBytes(phase)), $"boot phase \"{phase}\"", new(EventSourceKind.BootPhase, phase)));
        }

        return new(Index, events);
    }
}
