namespace Mantle.Measure.Unbound;

/// <summary>What became of a change when it was really made to an image.</summary>
/// <param name="Moved">The predicted PCRs that moved, ascending; null if the changed image is refused.</param>
/// <param name="Refusal">Why it is refused.</param>
public sealed record ChangeTrial(IReadOnlyList<int>? Moved, string? Refusal)
{
    /// <summary>What else was seen, or null.</summary>
    public string? Remark { get; init; }
}

/// <summary>One change under a policy.</summary>
/// <param name="Change">The change.</param>
/// <param name="IsBound">Whether it moves a PCR that the policy binds.</param>
/// <param name="Effect">What it does to what runs, in this system where that is known.</param>
/// <param name="Trial">What happened to the image; null if there was none or the change is not one of bytes.</param>
public sealed record JudgedChange(AttackerChange Change, bool IsBound, ChangeEffect Effect, ChangeTrial? Trial);

/// <summary>Which changes a policy does not see.</summary>
public sealed record UnboundReport
{
    /// <summary>The PCRs that the policy binds, ascending.</summary>
    public required IReadOnlyList<int> Bound { get; init; }

    /// <summary>Whether Secure Boot is taken to be on.</summary>
    public required bool SecureBoot { get; init; }

    /// <summary>All changes, in the table's order.</summary>
    public required IReadOnlyList<JudgedChange> Changes { get; init; }

    /// <summary>Where an image contradicts the table: a defect of one of them.</summary>
    public IReadOnlyList<string> Contradictions { get; init; } = [];

    /// <summary>Changes that no bound PCR shows and that let other code run.</summary>
    public IEnumerable<JudgedChange> Holes => Changes.Where(change => !change.IsBound && change.Effect == ChangeEffect.RunsOther);

    /// <summary>Changes that no bound PCR shows and whose effect depends on a system that was not looked into.</summary>
    public IEnumerable<JudgedChange> Open => Changes.Where(change => !change.IsBound && change.Effect == ChangeEffect.DependsOnSystem);
}
