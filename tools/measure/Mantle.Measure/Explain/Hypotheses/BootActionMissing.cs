namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>Firmware that does not measure the words "Calling EFI Application".</summary>
internal sealed class BootActionMissing : Hypothesis
{
    public override string Id => "boot-action-missing";

    public override string Name => "the words of a boot attempt not measured";

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        yield return Make(
            "PCR 4 lacks the words \"Calling EFI Application from Boot Option\": the firmware does not measure them, or whoever computed the value forgot them",
            "look at the event log of that machine (measure replay)",
            model => model.With(4, events => events.Where(e => !e.IsOf("Calling EFI Application from Boot Option"u8))));
    }
}
