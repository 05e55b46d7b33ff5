using Mantle.Formats.Bytes;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Generation;
using Mantle.Measure.KeyPolicy.Plans;
using Mantle.Measure.KeyPolicy.Proof;

namespace Mantle.Measure.KeyPolicy.Rolling;

/// <summary>One step from release to release.</summary>
/// <param name="Title">What to do.</param>
/// <param name="Plan">The plan in force after it.</param>
/// <param name="Policy">Which generations the key is released to after it.</param>
/// <param name="Images">Which AMIs there are after it.</param>
/// <param name="Fleet">What runs after it.</param>
/// <param name="Undo">How to go back.</param>
/// <param name="Proceed">What has to be seen before the next step.</param>
/// <param name="Changes">Who gains and who loses by it; empty for a step that leaves the policy alone.</param>
public sealed record RollingStep(string Title, BindingPlan Plan, string Policy, string Images, string Fleet, string Undo, string Proceed, IReadOnlyList<PolicyChange> Changes);

/// <summary>From release N to N+1 without a moment in which running instances have no key.</summary>
public static class RollingPlan
{
    /// <summary>The steps in order. Each policy on the way is generated and proven.</summary>
    /// <param name="plan">The plan in force.</param>
    /// <param name="next">The new release; its state does not count.</param>
    /// <param name="until">When the releases of today lose the key.</param>
    /// <exception cref="UserErrorException">A policy on the way cannot be had.</exception>
    public static IReadOnlyList<RollingStep> Make(BindingPlan plan, PlanGeneration next, DateTimeOffset until)
    {
        if (plan.Phase != PlanPhase.Final)
        {
            throw new UserErrorException(
                $"the plan is in phase {plan.Phase.ToString().ToLowerInvariant()}, and releases roll in phase final only",
                plan.Phase == PlanPhase.Sealed ? "nobody can replace a sealed policy: a new release needs a new key" : "bind the first release first");
        }

        if (plan.Generations.Any(generation => generation.Name == next.Name || generation.Pcrs.Equals4(next.Pcrs)))
        {
            throw new UserErrorException($"\"{next.Name}\", or its measurements, are in the plan already", "roll to a release that the plan does not have");
        }

        PlanGeneration[] today = [.. plan.Generations.Where(generation => generation.State is GenerationState.Current or GenerationState.Canary)];
        string old = string.Join(", ", today.Select(generation => generation.Name));
        if (today.Length == 0)
        {
            throw new UserErrorException("the plan has no current generation to roll from");
        }

        BindingPlan With(GenerationState state, Func<PlanGeneration, PlanGeneration> change)
        {
            BindingPlan made = plan with
            {
                Generations = [.. plan.Generations.Select(generation => today.Contains(generation) ? change(generation) : generation), next with { State = state, Until = null }],
            };
            PlanCheck.Check("plan", made);
            return made;
        }

        BindingPlan canary = With(GenerationState.Canary, same => same);
        BindingPlan both = With(GenerationState.Current, same => same);
        BindingPlan retiring = With(GenerationState.Current, same => same with { State = GenerationState.Retiring, Until = until });
        BindingPlan done = With(GenerationState.Current, same => same with { State = GenerationState.Revoked, Until = null });
        string date = UtcTime.Text(until);
        string rollback = "put the policy of the step before again; it is the same plan, so the same bytes";
        List<RollingStep> steps = [];
        BindingPlan before = plan;
        void Add(string title, BindingPlan after, string policy, string images, string fleet, string undo, string proceed)
        {
            IReadOnlyList<PolicyChange> changes = [];
            if (after != before)
            {
                PolicySet one = PolicySet.WorstCase(KeyPolicyGenerator.Generate(before).Policy), other = PolicySet.WorstCase(KeyPolicyGenerator.Generate(after).Policy);
                BindingPlan all = done with { Generations = [.. retiring.Generations] };
                changes = PolicyDiff.Of(one, other, RequestSpace.Of(all));
            }

            steps.Add(new(title, after, policy, images, fleet, undo, proceed, changes));
            before = after;
        }

        Add($"publish the AMI of {next.Name}", plan, $"released to {old}", $"{old} and {next.Name}", $"all on {old}", $"deregister the AMI of {next.Name}", $"the AMI reads back as the release {next.Name}");
        Add($"bind {next.Name} as canary", canary, $"released to {old} and, as canary, {next.Name}", $"{old} and {next.Name}", $"all on {old}", rollback, "\"measure policy lint\" and the read-back policy show no difference");
        Add($"start canaries of {next.Name}", canary, $"released to {old} and, as canary, {next.Name}", $"{old} and {next.Name}", $"a few on {next.Name}, the rest on {old}", $"terminate the canaries; {old} serves", "the canaries got their secrets and serve");
        Add($"make {next.Name} current", both, $"released to {old} and {next.Name}", $"{old} and {next.Name}", $"a few on {next.Name}, the rest on {old}", rollback, "the read-back policy is the plan's");
        Add($"roll the fleet to {next.Name}", both, $"released to {old} and {next.Name}", $"{old} and {next.Name}", $"all on {next.Name}", $"roll the fleet back to {old}; the key is still released to it", $"no instance runs {old}");
        Add($"let {old} retire", retiring, $"released to {next.Name}, and to {old} until {date}", $"{old} and {next.Name}", $"all on {next.Name}", rollback, $"CloudTrail shows no request attested as {old}");
        Add($"revoke {old}", done, $"released to {next.Name}", $"{old} and {next.Name}", $"all on {next.Name}", $"only on purpose: {old} may have been revoked for a reason; put the policy of the step before", "the read-back policy is the plan's");
        Add($"deregister the AMI of {old}", done, $"released to {next.Name}", next.Name, $"all on {next.Name}", $"publish {old} again from its release; it gets no key", "nothing is left to do");
        return steps;
    }
}
