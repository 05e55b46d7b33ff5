using Mantle.Measure.KeyPolicy.Evaluation;

namespace Mantle.Measure.KeyPolicy.Plans;

/// <summary>How far the key has come.</summary>
public enum PlanPhase
{
    /// <summary>The key exists and no image may use it yet: its identifier goes into the image's configuration.</summary>
    Bootstrap,

    /// <summary>The attested images use it; a named administrator can still replace the policy.</summary>
    Final,

    /// <summary>The attested images use it, and nobody can replace the policy any more.</summary>
    Sealed,
}

/// <summary>A generation's place in its life.</summary>
public enum GenerationState
{
    /// <summary>New: a few instances try it.</summary>
    Canary,

    /// <summary>In use.</summary>
    Current,

    /// <summary>Being replaced; the key is released to it until a date.</summary>
    Retiring,

    /// <summary>Never again.</summary>
    Revoked,
}

/// <summary>One release's place in a key policy.</summary>
public sealed record PlanGeneration
{
    /// <summary>The release's name.</summary>
    public required string Name { get; init; }

    /// <summary>Its state.</summary>
    public required GenerationState State { get; init; }

    /// <summary>When a retiring generation ends.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>PCR 4, 7, 12 and 13.</summary>
    public required AttestedPcrs Pcrs { get; init; }

    /// <summary>Role ARNs that may use this generation; all of the plan's when empty.</summary>
    public IReadOnlyList<string> Principals { get; init; } = [];

    /// <summary>Whether the policy has a statement for it.</summary>
    public bool IsBound => State != GenerationState.Revoked;
}

/// <summary>Who looks after the key, and what for.</summary>
/// <param name="Principal">The ARN of a role or user.</param>
/// <param name="May">Names of <see cref="AdministratorRight"/>s, in the table's order.</param>
public sealed record PlanAdministrator(string Principal, IReadOnlyList<string> May);

/// <summary>A condition that a request of an instance has to meet beside attestation.</summary>
/// <param name="Key">The context key.</param>
/// <param name="Values">One of them.</param>
public sealed record PlanCondition(string Key, IReadOnlyList<string> Values);

/// <summary>To whom a key is released: what <c>measure policy generate</c> turns into a key policy (docs/key-policy.md).</summary>
public sealed record BindingPlan
{
    /// <summary>The key; its identifier is <see cref="KeyIdentity.UnknownId"/> before it exists.</summary>
    public required KeyIdentity Key { get; init; }

    /// <summary>The phase.</summary>
    public required PlanPhase Phase { get; init; }

    /// <summary>Least days between scheduling the key's deletion and its end: 7 to 30.</summary>
    public required int DeletionWindow { get; init; }

    /// <summary>The alias that names the key, for example <c>alias/appliance</c>; null when the plan does not say.</summary>
    public string? Alias { get; init; }

    /// <summary>Days between rotations of the key material, 90 to 2560; null when the plan does not say.</summary>
    public int? RotationPeriod { get; init; }

    /// <summary>ARNs of the instances' roles.</summary>
    public required IReadOnlyList<string> Principals { get; init; }

    /// <summary>What an attested instance may do, for example <c>kms:Decrypt</c>.</summary>
    public required IReadOnlyList<string> Operations { get; init; }

    /// <summary>Further conditions for instances.</summary>
    public IReadOnlyList<PlanCondition> Conditions { get; init; } = [];

    /// <summary>Administrators.</summary>
    public required IReadOnlyList<PlanAdministrator> Administrators { get; init; }

    /// <summary>Generations in the plan's order.</summary>
    public required IReadOnlyList<PlanGeneration> Generations { get; init; }

    /// <summary>Debug twins and other images that must never get the key.</summary>
    public IReadOnlyList<AttestedPcrs> Denied { get; init; } = [];

    /// <summary>Generations that the policy releases the key to in this phase.</summary>
    public IEnumerable<PlanGeneration> Bound => Phase == PlanPhase.Bootstrap ? [] : Generations.Where(generation => generation.IsBound);

    /// <summary>Who may use a generation.</summary>
    public IReadOnlyList<string> PrincipalsOf(PlanGeneration generation) => generation.Principals.Count > 0 ? generation.Principals : Principals;

    /// <summary>Administrators with a right, in the plan's order, in this phase.</summary>
    public IReadOnlyList<string> Holders(string right) =>
        AdministratorRight.Find(right) is { } known && known.IsAllowedIn(Phase) ? [.. Administrators.Where(one => one.May.Contains(right)).Select(one => one.Principal)] : [];
}
