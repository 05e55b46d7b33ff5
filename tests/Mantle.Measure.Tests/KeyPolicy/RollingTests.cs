using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Generation;
using Mantle.Measure.KeyPolicy.Plans;
using Mantle.Measure.KeyPolicy.Proof;
using Mantle.Measure.KeyPolicy.Rolling;

namespace Mantle.Measure.Tests.KeyPolicy;

public sealed class RollingTests
{
    private static readonly DateTimeOffset s_until = new(2027, 6, 30, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void What_runs_at_a_step_has_the_key_at_that_step_and_after_its_undo()
    {
        BindingPlan plan = Plans.Sample;
        AttestedPcrs old = plan.Generations[1].Pcrs, next = Plans.Pcrs("1.4.3", 3);
        IReadOnlyList<RollingStep> steps = RollingPlan.Make(plan, new() { Name = "1.4.3", State = GenerationState.Canary, Pcrs = next }, s_until);
        Assert.Equal(8, steps.Count);
        BindingPlan before = plan;
        foreach (RollingStep step in steps)
        {
            if (step.Fleet.Contains("on 1.4.2", StringComparison.Ordinal))
            {
                Assert.True(IsReleased(step.Plan, old), step.Title);
                Assert.True(IsReleased(before, old), step.Title);
            }

            if (step.Fleet.Contains("on 1.4.3", StringComparison.Ordinal))
            {
                Assert.True(IsReleased(step.Plan, next), step.Title);
            }

            before = step.Plan;
        }

        Assert.False(IsReleased(before, old));
    }

    [Fact]
    public void A_step_that_binds_gives_the_new_release_and_takes_from_nobody()
    {
        IReadOnlyList<RollingStep> steps = RollingPlan.Make(Plans.Sample, new() { Name = "1.4.3", State = GenerationState.Canary, Pcrs = Plans.Pcrs("1.4.3", 3) }, s_until);
        RollingStep bind = steps[1];
        Assert.NotEmpty(bind.Changes);
        Assert.All(bind.Changes, change => Assert.True(change.IsGain && change.Attestation.Contains("1.4.3", StringComparison.Ordinal) && change.Principal == "arn:aws:iam::111122223333:role/mantle-appliance", change.ToString()));
        Assert.Empty(steps[3].Changes);
        Assert.All(steps[6].Changes, change => Assert.False(change.IsGain));
    }

    [Fact]
    public void A_difference_is_told_by_requests_not_by_texts()
    {
        BindingPlan plan = Plans.Sample;
        var one = KeyPolicyGenerator.Generate(plan).Policy;
        // KMS gives "*" back as {"AWS": "*"} and may reorder.
        var other = one with { Statements = [.. one.Statements.Reverse().Select(statement => statement.Principals!.IsStar ? statement with { Principals = Mantle.Measure.KeyPolicy.Documents.PrincipalSet.Aws(["*"]) } : statement)] };
        RequestSpace space = PolicySpace.Of(plan.Key, s_until.AddYears(-1), [], one, other);
        Assert.Empty(PolicyDiff.Of(PolicySet.WorstCase(one), PolicySet.WorstCase(other), space));
    }

    private static bool IsReleased(BindingPlan plan, AttestedPcrs pcrs)
    {
        SpacePoint ordinary = RequestSpace.Of(plan).Points[0];
        return KeyPolicySimulator.Evaluate(PolicySet.WorstCase(KeyPolicyGenerator.Generate(plan).Policy), ordinary.Request with { Action = KmsAction.Decrypt, Attestation = pcrs }).IsAllowed;
    }
}
