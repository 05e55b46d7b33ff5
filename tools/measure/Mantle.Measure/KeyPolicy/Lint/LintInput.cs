using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Plans;

namespace Mantle.Measure.KeyPolicy.Lint;

/// <summary>What a linter looks at.</summary>
public sealed record LintInput
{
    /// <summary>The policies; identity policies that are not given are taken to allow everything.</summary>
    public required PolicySet Policies { get; init; }

    /// <summary>The key that they guard.</summary>
    public required KeyIdentity Key { get; init; }

    /// <summary>The time for conditions on it.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Images that are known; with none, no image is called unknown.</summary>
    public IReadOnlyList<KnownRelease> Known { get; init; } = [];

    /// <summary>The plan that the policy should follow, or null.</summary>
    public BindingPlan? Plan { get; init; }

    /// <summary>The account that a key policy is for, as its principals show; an example's account when they do not.</summary>
    public static string AccountOf(Documents.PolicyDocument policy)
    {
        RequestPrincipal[] named = [.. Generation.KeyPolicyGenerator.PrincipalsOf(policy).Select(RequestPrincipal.TryParse).OfType<RequestPrincipal>().Where(one => one.Account.Length > 0)];
        RequestPrincipal? root = named.FirstOrDefault(one => one.Type == PrincipalType.Root);
        return (root ?? named.FirstOrDefault())?.Account ?? "111122223333";
    }
}
