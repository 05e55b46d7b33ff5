namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>The image did not run: PCR 4 holds nothing but the firmware's attempts, and nothing of stub and kernel was measured.</summary>
internal sealed class NotBooted : Hypothesis
{
    private const int Most = 4;

    public override string Id => "not-booted";

    public override string Name => "image not started at all";

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        (string Sentence, IReadOnlyList<ModelEvent> Events)[] ends =
        [
            ("the values are from before any boot entry was tried", []),
            ("the firmware was still busy, or waits in its menu", [ModelEvent.Separator]),
            ("the firmware tried the boot entry and nothing was loaded", [ModelEvent.Calling, ModelEvent.Separator]),
            .. Enumerable.Range(1, Most).Select(count => (
                $"the firmware tried {count} boot {(count == 1 ? "entry" : "entries")} and each came back: not found, or refused by Secure Boot",
                (IReadOnlyList<ModelEvent>)[ModelEvent.Calling, ModelEvent.Separator, .. Enumerable.Range(1, count).SelectMany(i =>
                    i == count ? new[] { ModelEvent.Returning } : [ModelEvent.Returning, ModelEvent.Calling])])),
        ];
        foreach ((string sentence, IReadOnlyList<ModelEvent> events) in ends)
        {
            foreach (PcrModel pcr5 in (PcrModel[])[new([ModelEvent.Separator]), PcrModel.Unknown])
            {
                yield return Make(
                    $"the image did not start: {sentence}", "look at the machine's boot entries, its disk, and whether its keys accept the image",
                    model => Apply(model, events, pcr5));
            }
        }
    }

    private static BootModel? Apply(BootModel model, IReadOnlyList<ModelEvent> events, PcrModel pcr5)
    {
        BootModel? changed = model[4] is null || model[11] is null ? null : model.With(4, new PcrModel(events));
        foreach (int index in changed is null ? [] : (int[])[9, 11, 12, 13])
        {
            changed = changed![index] is null ? changed : changed.With(index, new PcrModel([]));
        }

        return changed?[5] is null ? changed : changed.With(5, pcr5);
    }
}
