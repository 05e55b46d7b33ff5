namespace Mantle.Measure.Explain;

/// <summary>One way in which a boot, or the reading of its values, can be other than expected.</summary>
internal abstract class Hypothesis
{
    /// <summary>The cause's name, which does not change.</summary>
    public abstract string Id { get; }

    /// <summary>The hypothesis as it is listed when it was tried in vain.</summary>
    public abstract string Name { get; }

    /// <summary>What is needed to try it and was not given, or null.</summary>
    public virtual string? Needs(ExplainContext context) => null;

    /// <summary>The concrete forms that are worth a try.</summary>
    public abstract IEnumerable<Candidate> Candidates(ExplainContext context);

    /// <summary>Makes a candidate of this hypothesis.</summary>
    protected Candidate Make(string sentence, string advice, Func<BootModel, BootModel?> apply) => new(this, sentence, advice, apply);
}

/// <summary>One form of a hypothesis.</summary>
/// <param name="Hypothesis">Its hypothesis.</param>
/// <param name="Sentence">What happened, as a sentence without its period.</param>
/// <param name="Advice">What to do.</param>
/// <param name="Apply">Makes the boot that would follow; null where it cannot be.</param>
internal sealed record Candidate(Hypothesis Hypothesis, string Sentence, string Advice, Func<BootModel, BootModel?> Apply)
{
    /// <summary>Certain by the meaning of the PCRs that moved, even though no value can be computed.</summary>
    public bool IsCertain { get; init; }
}
