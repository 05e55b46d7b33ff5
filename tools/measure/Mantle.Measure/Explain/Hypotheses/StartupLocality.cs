namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>PCR 0 starts with the locality that TPM2_Startup came from (PTP 4.6.2).</summary>
internal sealed class StartupLocality : Hypothesis
{
    public override string Id => "startup-locality";

    public override string Name => "TPM2_Startup from locality 3 or 4";

    public override IEnumerable<Candidate> Candidates(ExplainContext context) =>
        context.Expected.Model[0] is null ? [] : new byte[] { 3, 4 }.Select(locality => Make(
            $"TPM2_Startup came from locality {locality}: PCR 0 started with {locality} and not with zero",
            "replay the log with its StartupLocality event",
            model => model[0] is { } pcr ? model.With(0, pcr.StartingAt(locality)) : null));
}
