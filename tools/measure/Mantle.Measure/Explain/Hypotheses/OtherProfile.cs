using Mantle.Formats.Tcg;

namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>Another profile of a multi-profile UKI was booted; its number is measured.</summary>
internal sealed class OtherProfile : Hypothesis
{
    private const int Most = 9;

    public override string Id => "other-profile";

    public override string Name => $"profile 1 to {Most} of the UKI";

    public override IEnumerable<Candidate> Candidates(ExplainContext context) =>
        Enumerable.Range(1, Most).Select(number => Make(
            $"profile {number} of the UKI was booted, not the default one", "boot the default profile, or predict that one",
            model => model.With(12, events => events.Prepend(ModelEvent.Words(EventType.EventTag, $"{number}", "profile")))?.WithUnknown(9, 11)));
}
