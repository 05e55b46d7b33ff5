using Mantle.Measure.Prediction;

namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>Stub and prediction disagree on what a major version measures: the inner kernel in PCR 4, the sections of PCR 11.</summary>
internal sealed class StubRule : Hypothesis
{
    public override string Id => "stub-rule";

    public override string Name => "the rules of another major version of systemd-stub";

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        HashSet<string> seen = [];
        foreach (StubRules rules in StubRules.All.Reverse())
        {
            string behaviour = $"{rules.MeasuresInnerKernel} {string.Join(' ', rules.Sections)}";
            if (context.Expected.Prediction.StubVersion.Split('.')[0] == $"{rules.Major}" || !seen.Add(behaviour))
            {
                continue;
            }

            int oldest = StubRules.All.First(other => $"{other.MeasuresInnerKernel} {string.Join(' ', other.Sections)}" == behaviour).Major;
            string versions = oldest == rules.Major ? $"{oldest}" : $"{oldest} to {rules.Major}";
            yield return Make(
                $"the values follow the rules of systemd-stub {versions}, not those of {context.Expected.Prediction.StubVersion}",
                "find out which stub the image has (section .sdmagic) and predict with its rules",
                model => Apply(context.Expected, model, rules));
        }
    }

    private static BootModel? Apply(ExpectedBoot expected, BootModel model, StubRules rules)
    {
        BootModel? changed = model.With(11, events => rules.Sections.SelectMany(section => events.Where(e => e.Source.Name == section))) ?? model;
        return rules.MeasuresInnerKernel switch
        {
            false => changed.With(4, events => events.Where(e => !e.IsInnerKernel)) ?? changed,
            true when expected.InnerKernel is { } kernel && changed[4] is { IsUnknown: false } pcr && !pcr.Events.Any(e => e.IsInnerKernel) =>
                changed.With(4, events => events.Append(kernel)),
            _ => changed,
        };
    }
}
