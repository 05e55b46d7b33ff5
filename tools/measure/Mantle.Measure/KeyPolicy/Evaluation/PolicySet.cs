using Mantle.Measure.KeyPolicy.Documents;

namespace Mantle.Measure.KeyPolicy.Evaluation;

/// <summary>An identity policy and whose it is.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Principal">The ARN of the user or role it is attached to, or null when it is everybody's.</param>
public sealed record IdentityPolicy(PolicyDocument Policy, string? Principal = null)
{
    internal bool BelongsTo(RequestPrincipal who) =>
        who.Type != PrincipalType.Service
        && (Principal is null || PrincipalMatcher.Match("AWS", Principal, who) is PrincipalMatch.Role or PrincipalMatch.Itself);
}

/// <summary>All policies that decide about a key.</summary>
public sealed record PolicySet
{
    /// <summary>The key policy.</summary>
    public required PolicyDocument KeyPolicy { get; init; }

    /// <summary>Identity policies.</summary>
    public IReadOnlyList<IdentityPolicy> Identity { get; init; } = [];

    /// <summary>
    /// Whether whoever has no identity policy here is taken to have one that allows everything. The worst case: the account's administrator can write one.
    /// </summary>
    public bool AssumesIdentityAllows { get; init; }

    /// <summary>Service control policies for the principals of the key's account.</summary>
    public IReadOnlyList<PolicyDocument> ServiceControl { get; init; } = [];

    /// <summary>Resource control policies for the key.</summary>
    public IReadOnlyList<PolicyDocument> ResourceControl { get; init; } = [];

    /// <summary>Permissions boundaries.</summary>
    public IReadOnlyList<IdentityPolicy> Boundaries { get; init; } = [];

    /// <summary>Session policies.</summary>
    public IReadOnlyList<IdentityPolicy> Sessions { get; init; } = [];

    /// <summary>Grants.</summary>
    public IReadOnlyList<KeyGrant> Grants { get; init; } = [];

    /// <summary>A set of a key policy alone, in the worst case of identity policies.</summary>
    public static PolicySet WorstCase(PolicyDocument keyPolicy) => new() { KeyPolicy = keyPolicy, AssumesIdentityAllows = true };
}
