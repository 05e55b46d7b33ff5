using System.Text;
using Mantle.Formats.Tcg;

namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>systemd's user space extends PCR 11 by the phase that it has reached.</summary>
internal sealed class BootPhases : Hypothesis
{
    private static readonly string[] s_phases = ["enter-initrd", "leave-initrd", "sysinit", "ready", "shutdown", "final"];

    public override string Id => "boot-phases";

    public override string Name => "boot phases of systemd in PCR 11";

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        for (int first = 0; first < s_phases.Length; first++)
        {
            for (int count = 1; first + count <= s_phases.Length; count++)
            {
                string[] phases = s_phases[first..(first + count)];
                yield return Make(
                    $"user space extended PCR 11 by the boot phase{(count == 1 ? "" : "s")} {string.Join(", ", phases)}",
                    "predict the value of that phase, or bind the PCR only before it",
                    model => model.With(11, events => events.Concat(phases.Select(phase => ModelEvent.Of(EventType.Ipl, Encoding.ASCII.GetBytes(phase), phase)))));
            }
        }
    }
}
