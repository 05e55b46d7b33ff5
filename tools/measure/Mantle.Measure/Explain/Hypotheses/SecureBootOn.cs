using Mantle.Measure.Prediction;

namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>Secure Boot was on: the stub answers for its kernel, so that the firmware does not measure it, and PCR 7 gets keys.</summary>
internal sealed class SecureBootOn : Hypothesis
{
    private const string Advice = "compare with a prediction for Secure Boot on with the keys of that machine, or switch Secure Boot off";

    public override string Id => "secure-boot-on";

    public override string Name => "Secure Boot on instead of off";

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        if (context.Expected.Model[4]?.Events.Any(e => e.IsInnerKernel) != true)
        {
            yield break;
        }

        foreach (ExpectedBoot known in context.Known.Where(known => MeasurementsMapping.NameOf(known.Prediction.SecureBoot) == "on" && known.Model[7] is not null))
        {
            yield return Make(
                $"Secure Boot was on, with the keys of \"{known.Name}\": the firmware did not measure the inner kernel", Advice,
                model => WithoutKernel(model)?.With(7, known.Model[7]!));
        }

        yield return Make(
            "Secure Boot was on: the firmware did not measure the inner kernel, and PCR 7 holds keys that are not known here", Advice,
            model => WithoutKernel(model)?.WithUnknown(7));
    }

    private static BootModel? WithoutKernel(BootModel model) => model.With(4, events => events.Where(e => !e.IsInnerKernel));
}
