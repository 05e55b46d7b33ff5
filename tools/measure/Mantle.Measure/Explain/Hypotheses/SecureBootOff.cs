using Mantle.Formats.Tcg;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>
/// No keys, or keys that are switched off: PCR 7 is one of two public constants, or has the expected keys without anything that they vouched for; and the
/// inner kernel is measured by stubs before 258.
/// </summary>
internal sealed class SecureBootOff : Hypothesis
{
    private static readonly Guid s_global = new("8be4df61-93ca-11d2-aa0d-00e098032b8c");
    private static readonly Guid s_database = new("d719b2cb-3d3a-4596-a3bc-dad00e67656f");

    public override string Id => "secure-boot-off";

    public override string Name => "firmware without keys, with keys that are switched off, or without Secure Boot";

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        foreach ((byte[] content, string sentence) in new (byte[], string)[]
        {
            ([0], "Secure Boot was off and the firmware has no keys: PCR 7 is the public constant of that state"),
            ([], "the firmware cannot do Secure Boot: the variable SecureBoot does not exist, and PCR 7 is the public constant of that state"),
        })
        {
            PcrModel pcr7 = new([Variable(s_global, "SecureBoot", content), Variable(s_global, "PK", []), Variable(s_global, "KEK", []),
                Variable(s_database, "db", []), Variable(s_database, "dbx", []), ModelEvent.Separator]);
            yield return Make(
                sentence, "switch Secure Boot on with the right keys, or do not rely on PCR 7",
                model => model[7] is null ? null : AddKernel(context.Expected, model.With(7, pcr7)));
        }

        if (context.Expected.Model[7] is { Events: [{ } first, ..] } && first.IsOf(new UefiVariableData(s_global, "SecureBoot", (byte[])[1]).ToArray()))
        {
            yield return Make(
                "Secure Boot was switched off, though the machine has the expected keys: nothing that started had to be signed",
                "switch it on again and find out who switched it off; the policy must bind PCR 7",
                model => SwitchOff(model) is { } off ? AddKernel(context.Expected, off) : null);
        }
    }

    private static BootModel? SwitchOff(BootModel model) => model.With(
        7, events => [Variable(s_global, "SecureBoot", [0]), .. events.Skip(1).Where(e => e.Type != EventType.EfiVariableAuthority)]);

    /// <summary>With Secure Boot off a stub before 258 has the firmware load the kernel. Needs the image, for a document has no digest of it.</summary>
    private static BootModel? AddKernel(ExpectedBoot expected, BootModel model)
    {
        StubRules? rules = StubRules.All.FirstOrDefault(rules => expected.Prediction.StubVersion.Split('.')[0] == $"{rules.Major}");
        bool isMissing = rules is { MeasuresInnerKernel: true } && model[4] is { IsUnknown: false } pcr && !pcr.Events.Any(e => e.IsInnerKernel);
        return !isMissing ? model
            : expected.InnerKernel is { } kernel ? model.With(4, events => events.Append(kernel))
            : model.WithUnknown(4);
    }

    private static ModelEvent Variable(Guid vendor, string name, byte[] content) =>
        ModelEvent.Of(EventType.EfiVariableDriverConfig, new UefiVariableData(vendor, name, content).ToArray(), $"variable {name}");
}
