namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>Other boot entries were tried first: another disk, the network. Each leaves two more words in PCR 4.</summary>
internal sealed class ExtraBootAttempt : Hypothesis
{
    private const int Most = 12;

    public override string Id => "extra-boot-attempt";

    public override string Name => $"1 to {Most} boot entries tried in vain first";

    public override IEnumerable<Candidate> Candidates(ExplainContext context) =>
        Enumerable.Range(1, Most).Select(count => Make(
            $"the firmware tried {(count == 1 ? "another boot entry" : $"{count} other boot entries")} in vain before this one (another disk or the network comes first)",
            "put the boot disk first in the boot order, or remove the disk that does not boot",
            model => model.With(4, events => events.Any(e => e.IsSeparator)
                ? events.SelectMany(e => e.IsSeparator ? [e, .. Attempts(count)] : new[] { e })
                : events)));

    private static IEnumerable<ModelEvent> Attempts(int count) =>
        Enumerable.Range(0, count).SelectMany(_ => new[] { ModelEvent.Returning, ModelEvent.Calling });
}
