namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>PCRs that hold zero where events were expected.</summary>
internal sealed class ZeroPcr : Hypothesis
{
    public override string Id => "zero-pcr";

    public override string Name => "PCRs that nobody extended, or that were reset";

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        int[] zero = [.. context.Observations.Where(o => o.Differs && !o.Actual.Span.ContainsAnyExcept((byte)0)).Select(o => o.Index).Distinct()];
        int[] given = [.. context.Observations.Select(o => o.Index).Distinct()];
        bool isAll = given.Length > 1 && context.Observations.All(o => !o.Actual.Span.ContainsAnyExcept((byte)0));
        if (zero.Length > 0)
        {
            yield return Make(
                isAll
                    ? "every PCR is zero: the TPM was reset after boot, or the firmware measures nothing"
                    : $"PCR {string.Join(", ", zero)} {(zero.Length == 1 ? "is" : "are")} zero: nothing was extended (no TPM driver in the firmware or stub), or the TPM was reset",
                "check that the firmware and the stub find the TPM; refuse such a machine",
                model => zero.Aggregate((BootModel?)model, (changed, index) => changed?[index] is null ? changed : changed.With(index, new PcrModel([]))));
        }
    }
}
