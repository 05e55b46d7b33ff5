using System.CommandLine;
using Mantle.Cli;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Generation;
using Mantle.Measure.KeyPolicy.Plans;
using Mantle.Measure.KeyPolicy.Proof;

namespace Mantle.Measure.Cli.Commands.KeyPolicy;

/// <summary><c>measure policy prove</c>.</summary>
internal static class ProveCommand
{
    public static Command Create()
    {
        Command command = new(
            "prove",
            """
            Decide every meaningful request and print the matrix: each principal, each action, each attestation document, conditions met and not met.
            Principals without --iam are taken to have an identity policy that allows everything. With --plan: exit code 2 where the policy differs from the plan.

            Examples:
              measure policy prove policy.json
              measure policy prove live.json --plan policies/kms/sample.yaml --grants grants.json
            """)
        {
            PolicyInputs.Policy, PolicyInputs.Plan, PolicyInputs.Identity, PolicyInputs.ServiceControl, PolicyInputs.ResourceControl, PolicyInputs.Grants,
            PolicyInputs.Key, PolicyInputs.At, PolicyInputs.Known, PolicyInputs.Json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        PolicyDocument policy = PolicyInputs.ReadPolicy(parsed);
        PolicySet policies = PolicyInputs.ReadSet(parsed, policy, assumes: true);
        BindingPlan? plan = PolicyInputs.ReadPlan(parsed);
        RequestSpace space = plan is not null
            ? RequestSpace.Of(plan, KeyPolicyGenerator.PrincipalsOf(policy))
            : PolicySpace.Of(PolicyInputs.KeyOf(parsed, policy), PolicyInputs.TimeOf(parsed), [.. PolicyInputs.ReadKnown(parsed.GetValue(PolicyInputs.Known)).Select(known => known.Pcrs)], policy);
        PolicyMatrix matrix = PolicyMatrix.Of(policies, space);
        IReadOnlyList<MatrixDifference> differences = plan is null ? [] : PolicyMatrix.Compare(policies, space, new PlanIntent(plan).Of);
        return PolicyInputs.Finish(
            parsed,
            json =>
            {
                json.WriteNumber("requests", matrix.Cells.Count);
                json.WriteTexts("allowed", matrix.Cells.Where(cell => cell.Verdict.IsAllowed).Select(cell => cell.Point.Request.ToString()));
                json.WriteTexts("differences", differences.Select(difference => difference.ToString()));
            },
            output =>
            {
                MatrixText.Write(matrix, output);
                foreach (MatrixDifference difference in differences)
                {
                    output.WriteLine($"differs from the plan: {difference}");
                }
            },
            holds: differences.Count == 0);
    }
}
