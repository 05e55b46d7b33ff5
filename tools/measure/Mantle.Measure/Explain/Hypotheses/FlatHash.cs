using Mantle.Formats.Tcg;

namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>Somebody put the plain hash of the file where its Authenticode digest belongs.</summary>
internal sealed class FlatHash : Hypothesis
{
    public override string Id => "flat-file-hash";

    public override string Name => "plain hash of the boot file instead of its Authenticode digest";

    public override string? Needs(ExplainContext context) => context.Expected.BootFile is null ? "the image itself" : null;

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        if (context.Expected.BootFile is { } file)
        {
            ModelEvent? e = null;
            yield return Make(
                "PCR 4 was computed with the plain hash of the boot file, not with its Authenticode digest: no firmware does that, a tool did",
                "compute the value with a tool that knows Authenticode",
                model => model.With(4, events => events.Select(old =>
                    old.IsBootFile ? e ??= StreamedEvent.Of(EventType.EfiBootServicesApplication, file, "boot file, flat", "") : old)));
        }
    }
}
