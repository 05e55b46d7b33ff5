using System.CommandLine;
using Mantle.Cli;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Proof;
using Mantle.Measure.KeyPolicy.Rolling;

namespace Mantle.Measure.Cli.Commands.KeyPolicy;

/// <summary><c>measure policy diff</c>.</summary>
internal static class DiffCommand
{
    private static readonly Argument<string> s_before = new("OLD") { Description = "A key policy" };
    private static readonly Argument<string> s_after = new("NEW") { Description = "Another" };

    public static Command Create()
    {
        Command command = new(
            "diff",
            """
            Compare what two key policies let through, not their texts: who gains, who loses. Exit code 2 when anybody does.

            Example:
              measure policy diff live.json policy.json
            """)
        {
            s_before, s_after, PolicyInputs.Key, PolicyInputs.At, PolicyInputs.Known, PolicyInputs.Json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        PolicyDocument before = PolicyInputs.ReadPolicy(parsed.GetValue(s_before)!), after = PolicyInputs.ReadPolicy(parsed.GetValue(s_after)!);
        RequestSpace space = PolicySpace.Of(
            PolicyInputs.KeyOf(parsed, after), PolicyInputs.TimeOf(parsed), [.. PolicyInputs.ReadKnown(parsed.GetValue(PolicyInputs.Known)).Select(known => known.Pcrs)], before, after);
        IReadOnlyList<PolicyChange> changes = PolicyDiff.Of(PolicySet.WorstCase(before), PolicySet.WorstCase(after), space);
        return PolicyInputs.Finish(
            parsed,
            json =>
            {
                json.WriteNumber("requests", space.Points.Count);
                json.WriteTexts("gains", changes.Where(change => change.IsGain).Select(change => change.Example.ToString()));
                json.WriteTexts("losses", changes.Where(change => !change.IsGain).Select(change => change.Example.ToString()));
            },
            output =>
            {
                foreach (PolicyChange change in changes)
                {
                    output.WriteLine(change);
                }

                output.WriteLine(changes.Count == 0 ? $"the same for all {space.Points.Count} requests" : $"{space.Points.Count} requests compared");
            },
            holds: changes.Count == 0);
    }
}
