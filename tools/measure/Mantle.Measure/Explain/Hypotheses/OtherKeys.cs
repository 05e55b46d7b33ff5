namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>PCR 7 is that of another known release: other PK, KEK, db or dbx.</summary>
internal sealed class OtherKeys : Hypothesis
{
    public override string Id => "other-keys";

    public override string Name => "PCR 7 of another known release";

    public override string? Needs(ExplainContext context) => context.Known.Count == 0 ? "known releases (--known)" : null;

    public override IEnumerable<Candidate> Candidates(ExplainContext context) =>
        context.Known.Where(known => known.Model[7] is not null).Select(known => Make(
            $"the Secure Boot variables PK, KEK, db, dbx are those of \"{known.Name}\"",
            "give the machine the keys of the expected release, or accept that state in the policy",
            model => model[7] is null ? null : model.With(7, known.Model[7]!)));
}
