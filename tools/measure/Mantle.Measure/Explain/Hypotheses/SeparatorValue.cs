using Mantle.Formats.Tcg;

namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>A separator with another value: ffffffff is allowed, 00000001 says that the firmware failed to measure something (PFP 10.4.1).</summary>
internal sealed class SeparatorValue : Hypothesis
{
    public override string Id => "separator-value";

    public override string Name => "separators ffffffff or 00000001";

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        int[] all = [.. context.Expected.Model.Pcrs.Where(pcr => pcr.Value.Events.Any(e => e.IsSeparator)).Select(pcr => pcr.Key)];
        foreach ((byte[] value, string sentence) in new (byte[], string)[]
        {
            ([0xff, 0xff, 0xff, 0xff], "the separator is ffffffff, which the specification allows"),
            ([1, 0, 0, 0], "the separator is 00000001: the firmware reports an error while it measured"),
        })
        {
            ModelEvent other = ModelEvent.Of(EventType.Separator, value, "separator");
            IEnumerable<int[]> sets = all.Select(index => new[] { index });
            foreach (int[] set in all.Length > 1 ? sets.Prepend(all) : sets)
            {
                yield return Make(
                    $"in PCR {string.Join(", ", set)} {sentence}", "look at the firmware's messages and its event log",
                    model => set.Aggregate((BootModel?)model, (changed, index) => changed?.With(index, events => events.Select(e => e.IsSeparator ? other : e)) ?? changed));
            }
        }
    }
}
