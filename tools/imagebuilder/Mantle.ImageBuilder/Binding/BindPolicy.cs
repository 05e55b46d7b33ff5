using Mantle.Measure;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Generation;
using Mantle.Measure.KeyPolicy.Lint;
using Mantle.Measure.KeyPolicy.Plans;
using Mantle.Measure.KeyPolicy.Proof;
using Mantle.Measure.KeyPolicy.Rolling;

namespace Mantle.ImageBuilder.Binding;

/// <summary>The policy that is to be put: generated, proven, linted, and for verified releases only.</summary>
internal sealed class BindPolicy
{
    private readonly BindingPlan _plan;
    private readonly DateTimeOffset _now;

    private BindPolicy(BindingPlan plan, PolicyDocument policy, DateTimeOffset now) => (_plan, Policy, _now) = (plan, policy, now);

    /// <summary>The policy.</summary>
    public PolicyDocument Policy { get; }

    /// <summary>As KMS gets it.</summary>
    public string Text => PolicyWriter.Write(Policy, compact: true);

    /// <summary>Generates and proves (<see cref="KeyPolicyGenerator"/>), and lints.</summary>
    /// <exception cref="UserErrorException">No policy that may be put.</exception>
    public static BindPolicy Make(BindingPlan plan, DateTimeOffset now)
    {
        PolicyDocument policy = KeyPolicyGenerator.Generate(plan).Policy;
        LintFinding? worst = KeyPolicyLinter.Check(new() { Policies = PolicySet.WorstCase(policy), Key = plan.Key, Time = now, Known = KnownRelease.Of(plan), Plan = plan })
            .FirstOrDefault(finding => finding.Severity == LintSeverity.Error);
        return worst is null ? new(plan, policy, now) : throw new UserErrorException(
            $"the plan's policy is not put: {worst.Rule.Id} {worst.Rule.Title}", $"see \"measure policy lint\"; {worst.Rule.Fix}", ExitCode.Mismatch);
    }

    /// <summary>
    /// Demands a verified release for every generation; only one that is retiring, and in the live policy already, may have been verified then.
    /// </summary>
    /// <param name="releases">Verified releases.</param>
    /// <param name="live">The live policy, or null.</param>
    /// <exception cref="UserErrorException">A generation would get the key that nobody has verified.</exception>
    public void RequireReleases(IReadOnlyList<BindRelease> releases, PolicyDocument? live)
    {
        AttestedPcrs[] bound = live is null ? [] : [.. live.Statements.Where(statement => statement.IsAllow).Select(Witness.Attestation).OfType<AttestedPcrs>()];
        foreach (PlanGeneration generation in _plan.Bound)
        {
            bool isVerified = releases.Any(release => release.Images.Any(image => image.Equals4(generation.Pcrs)));
            if (!isVerified && !(generation.State == GenerationState.Retiring && bound.Any(image => image.Equals4(generation.Pcrs))))
            {
                throw new UserErrorException(
                    $"generation \"{generation.Name}\" is none of the {releases.Count} verified releases",
                    "name its release directory with --release DIR; if you did, the plan has other PCR values than the release", ExitCode.Mismatch);
            }
        }
    }

    /// <summary>Whether a live policy is this one.</summary>
    public bool IsSame(PolicyDocument live) => PolicyMeaning.IsSame(Policy, live);

    /// <summary>Who would gain and lose by putting it.</summary>
    public IReadOnlyList<PolicyChange> ChangesFrom(PolicyDocument live) => PolicyDiff.Of(PolicySet.WorstCase(live), PolicySet.WorstCase(Policy), Space(live));

    /// <summary>What a live policy does otherwise than the plan says; empty when it means the same.</summary>
    public IReadOnlyList<string> Drift(PolicyDocument live) => IsSame(live) ? [] :
    [
        .. ChangesFrom(live).Select(change => (change with { IsGain = !change.IsGain }).ToString()),
        .. KeyPolicyGenerator.Prove(_plan, live).Select(difference => difference.ToString()),
    ];

    /// <summary>Requests that grants let through though the plan does not. Their constraints are left out of account: whoever asks chooses the context.</summary>
    public IReadOnlyList<string> Leaks(PolicyDocument live, IReadOnlyList<KeyGrant> grants)
    {
        KeyGrant[] widest = [.. grants.Select(grant => grant with { ContextSubset = new Dictionary<string, string>(), ContextEquals = null })];
        RequestSpace space = RequestSpace.Of(_plan, [.. KeyPolicyGenerator.PrincipalsOf(live), .. grants.Select(grant => grant.GranteePrincipal).Where(who => RequestPrincipal.TryParse(who) is not null)]);
        PolicySet with = new() { KeyPolicy = live, Grants = widest, AssumesIdentityAllows = true }, without = PolicySet.WorstCase(live);
        return [.. PolicyDiff.Of(without, with, space).Select(change => change.ToString())];
    }

    private RequestSpace Space(PolicyDocument live) =>
        PolicySpace.Of(_plan.Key, _now, [.. _plan.Generations.Select(generation => generation.Pcrs), .. _plan.Denied], live, Policy);
}
