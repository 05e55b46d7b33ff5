namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>Values of ones: what an inactive bank, an unread register or a failed command shows.</summary>
internal sealed class AllOnes : Hypothesis
{
    public override string Id => "all-ones";

    public override string Name => "values of ones";

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        HashSet<int> ones = [.. context.Observations.Where(o => o.Differs && !o.Actual.Span.ContainsAnyExcept((byte)0xff)).Select(o => o.Index)];
        if (ones.Count > 0)
        {
            yield return Make(
                $"PCR {string.Join(", ", ones.Order())} {(ones.Count == 1 ? "is" : "are")} all ones: the bank is not active, or the register was never read",
                "read the PCRs again, from an active bank (tpm2_getcap pcrs)",
                model => model with { Reading = (read, bank, index) => ones.Contains(index) ? Ones(bank) : model.Read(bank, index) });
        }
    }

    private static byte[] Ones(Mantle.Formats.Tpm.TpmAlgorithm bank)
    {
        byte[] value = new byte[Mantle.Formats.Tpm.TpmHash.DigestSize(bank)];
        value.AsSpan().Fill(0xff);
        return value;
    }
}
