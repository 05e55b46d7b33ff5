namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>A PCR without its separator: firmware that does not measure it, or a tool that forgot it.</summary>
internal sealed class SeparatorMissing : Hypothesis
{
    public override string Id => "separator-missing";

    public override string Name => "separators not measured";

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        int[] all = [.. context.Expected.Model.Pcrs.Where(pcr => pcr.Value.Events.Any(e => e.IsSeparator)).Select(pcr => pcr.Key)];
        IEnumerable<int[]> sets = all.Select(index => new[] { index });
        foreach (int[] set in all.Length > 1 ? sets.Prepend(all) : sets)
        {
            yield return Make(
                $"PCR {string.Join(", ", set)} {(set.Length == 1 ? "has" : "have")} no separator: the firmware does not measure it, or whoever computed the value forgot it",
                "look at the event log of that machine (measure replay)",
                model => set.Aggregate((BootModel?)model, (changed, index) => changed?.With(index, events => events.Where(e => !e.IsSeparator)) ?? changed));
        }
    }
}
