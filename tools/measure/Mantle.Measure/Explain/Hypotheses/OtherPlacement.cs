namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>Firmware that measures boot applications and the partition table into PCR 2, as Google's does.</summary>
internal sealed class OtherPlacement : Hypothesis
{
    public override string Id => "other-placement";

    public override string Name => "boot applications measured in PCR 2";

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        yield return Make(
            "the firmware measures boot applications and the partition table into PCR 2 and not into 4 and 5, as Google's does",
            "predict for that platform",
            Apply);
    }

    private static BootModel? Apply(BootModel model)
    {
        if (model[4] is not { IsUnknown: false } pcr4)
        {
            return null;
        }

        IReadOnlyList<ModelEvent> moved = [.. model[5]?.Events.Where(e => e.IsGpt) ?? [], .. pcr4.Events.Where(e => e.IsImage)];
        BootModel? changed = model.With(4, events => events.Where(e => !e.IsImage));
        changed = changed?[5] is null ? changed : changed.With(5, events => events.Where(e => !e.IsGpt));
        return changed?[2] is null ? changed : changed.With(2, events => events.Concat(moved));
    }
}
