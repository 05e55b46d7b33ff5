using Mantle.Formats.Tpm;

namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>Another release than the expected one booted.</summary>
internal sealed class KnownRelease : Hypothesis
{
    public override string Id => "known-release";

    public override string Name => "another known release";

    public override string? Needs(ExplainContext context) => context.Known.Count == 0 ? "known releases (--known)" : null;

    public override IEnumerable<Candidate> Candidates(ExplainContext context) =>
        context.Known.Where(known => IsOther(context.Expected.Model, known.Model)).Select(known => Make(
            $"release \"{known.Name}\" booted, not \"{context.Expected.Name}\"",
            "install the expected release, or compare with that one",
            model => Replace(model, known.Model)));

    /// <summary>Two names for one image are no other release.</summary>
    private static bool IsOther(BootModel expected, BootModel known) => expected.Pcrs.Any(pcr =>
        pcr.Key is 4 or 11 && known[pcr.Key] is { } other && !TpmHash.Computable.Any(bank =>
            other.Value(bank) is { } value && value.AsSpan().SequenceEqual(pcr.Value.Value(bank))));

    /// <summary>Its events replace those of the image; PCR 7 belongs to the machine and stays.</summary>
    private static BootModel? Replace(BootModel model, BootModel known)
    {
        foreach (int index in model.Pcrs.Keys.Where(index => index != 7))
        {
            model = known[index] is { } pcr ? model.With(index, pcr) : model.WithUnknown(index);
        }

        return model;
    }
}
