using CsCheck;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Generation;
using Mantle.Measure.KeyPolicy.Plans;
using Mantle.Measure.KeyPolicy.Proof;

namespace Mantle.Measure.Tests.KeyPolicy;

public sealed class GeneratorTests
{
    [Fact]
    public void The_matrix_of_any_plans_policy_is_the_plans()
    {
        Plans.Any.Sample(
            plan =>
            {
                IReadOnlyList<MatrixDifference> differences = KeyPolicyGenerator.Prove(plan, KeyPolicyGenerator.Write(plan));
                Assert.True(differences.Count == 0, differences.Count == 0 ? "" : $"{differences.Count}: {differences[0]}");
            },
            iter: 150);
    }

    [Fact]
    public void The_same_plan_gives_the_same_bytes_and_they_read_back_as_themselves()
    {
        string text = PolicyWriter.Write(KeyPolicyGenerator.Generate(Plans.Sample).Policy);
        Assert.Equal(text, PolicyWriter.Write(KeyPolicyGenerator.Generate(Plans.Sample).Policy));
        Assert.Equal(text, PolicyWriter.Write(PolicyReader.Read(System.Text.Encoding.UTF8.GetBytes(text), PolicyKind.Key)));
    }

    [Fact]
    public void Too_many_generations_are_refused_with_the_number_that_fits()
    {
        BindingPlan plan = Plans.Sample with { Denied = [] };
        int fitting = KeyPolicyGenerator.Fitting(plan);
        Assert.InRange(fitting, 20, 60);
        BindingPlan Many(int count) => plan with
        {
            Generations = [.. Enumerable.Range(0, count).Select(i => plan.Generations[i % 2] with { Name = plan.Generations[i % 2].Name, Pcrs = Plans.Pcrs($"{i}", i) })],
        };
        Assert.True(KeyPolicyGenerator.Generate(Many(fitting)).Size <= KeyPolicyGenerator.SizeLimit);
        UserErrorException problem = Assert.Throws<UserErrorException>(() => KeyPolicyGenerator.Generate(Many(fitting + 1)));
        Assert.Contains($"{fitting} generations of this plan fit", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Companion_policies_hold_without_the_key_policy()
    {
        BindingPlan plan = Plans.Sample;
        PolicyDocument open = PolicyReader.Read(
            """{"Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}}"""u8.ToArray(), PolicyKind.Key);
        PolicySet policies = PolicySet.WorstCase(open) with
        {
            ResourceControl = [CompanionPolicies.ResourceControl(plan)],
            ServiceControl = [CompanionPolicies.ServiceControl(plan)],
        };
        foreach (MatrixCell cell in PolicyMatrix.Of(policies, RequestSpace.Of(plan)).Cells.Where(cell => cell.Verdict.IsAllowed))
        {
            KmsAction action = KmsAction.Find(cell.Point.Request.Action)!;
            Assert.False(action.IsAttestable && cell.Point.Request.Attestation is null, cell.Point.Request.ToString());
            Assert.False(action.Effect is KmsEffect.UnattestedUse or KmsEffect.Bypass, cell.Point.Request.ToString());
        }

        foreach (PolicyDocument control in policies.ResourceControl.Concat(policies.ServiceControl))
        {
            Assert.True(KeyPolicyGenerator.SizeOf(control) <= CompanionPolicies.ControlSizeLimit);
        }
    }

    [Fact]
    public void Terraform_and_CloudFormation_say_what_the_JSON_says()
    {
        BindingPlan plan = Plans.Sample;
        PolicyDocument policy = KeyPolicyGenerator.Generate(plan).Policy;
        string terraform = TerraformText.Write(plan, policy), cloud = CloudFormationText.Write(plan, policy);
        foreach (string value in policy.Statements.SelectMany(statement => statement.Conditions.SelectMany(clause => clause.Values.Values).Concat(statement.Actions.Values)))
        {
            Assert.Contains($"\"{value}\"", terraform, StringComparison.Ordinal);
            Assert.Contains($"\"{value}\"", cloud, StringComparison.Ordinal);
        }
    }
}
