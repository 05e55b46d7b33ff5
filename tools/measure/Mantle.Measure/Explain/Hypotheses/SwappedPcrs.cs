namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>Values under the wrong numbers: two exchanged, or all counted from one.</summary>
internal sealed class SwappedPcrs : Hypothesis
{
    public override string Id => "swapped-pcrs";

    public override string Name => "values under the numbers of other PCRs";

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        int[] differing = [.. context.Observations.Where(o => o.Differs).Select(o => o.Index).Distinct().Order()];
        foreach (int a in differing)
        {
            foreach (int b in differing.Where(b => b > a))
            {
                yield return Make(
                    $"the values of PCR {a} and PCR {b} are exchanged", "put them under their own numbers",
                    model => model with { Reading = (read, bank, index) => read.Value(bank, index == a ? b : index == b ? a : index) });
            }
        }

        foreach (int shift in (int[])[1, -1])
        {
            yield return Make(
                $"every value is under the number of the PCR {(shift == 1 ? "behind" : "before")} its own", "count PCRs from 0",
                model => model with { Reading = (read, bank, index) => read.Value(bank, index - shift) });
        }
    }
}
