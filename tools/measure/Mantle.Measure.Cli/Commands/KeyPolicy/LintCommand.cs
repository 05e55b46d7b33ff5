using System.CommandLine;
using System.Text.Json;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Lint;
using Mantle.Measure.KeyPolicy.Plans;

namespace Mantle.Measure.Cli.Commands.KeyPolicy;

/// <summary><c>measure policy lint</c>.</summary>
internal static class LintCommand
{
    private static readonly Option<string> s_least = new("--severity")
    {
        Description = "The least severity that makes the exit code 2",
        HelpName = "error|warning|notice",
        DefaultValueFactory = _ => "warning",
    };

    public static Command Create()
    {
        s_least.AcceptOnlyFromAmong("error", "warning", "notice");
        Command command = new(
            "lint",
            """
            Look for ways around attestation in a key policy. Every finding has a rule, a request that the simulator has answered as claimed, and a fix.
            Principals without --iam are taken to have an identity policy that allows everything. Exit code 2 on findings; docs/key-policy.md lists the rules.

            Examples:
              measure policy lint policy.json
              measure policy lint policy.json --grants grants.json --scp scp.json --known releases/ --json
            """)
        {
            PolicyInputs.Policy, PolicyInputs.Plan, s_least, PolicyInputs.Grants, PolicyInputs.Identity, PolicyInputs.ServiceControl, PolicyInputs.ResourceControl,
            PolicyInputs.Known, PolicyInputs.Key, PolicyInputs.At, PolicyInputs.Json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        PolicyDocument policy = PolicyInputs.ReadPolicy(parsed);
        BindingPlan? plan = PolicyInputs.ReadPlan(parsed);
        IReadOnlyList<LintFinding> findings = KeyPolicyLinter.Check(new()
        {
            Policies = PolicyInputs.ReadSet(parsed, policy, assumes: true),
            Key = plan?.Key ?? PolicyInputs.KeyOf(parsed, policy),
            Time = PolicyInputs.TimeOf(parsed),
            Known = [.. PolicyInputs.ReadKnown(parsed.GetValue(PolicyInputs.Known)), .. plan is null ? [] : KnownRelease.Of(plan)],
            Plan = plan,
        });
        LintSeverity least = Enum.Parse<LintSeverity>(parsed.GetValue(s_least)!, ignoreCase: true);
        return PolicyInputs.Finish(
            parsed,
            json =>
            {
                json.WriteStartArray("findings");
                foreach (LintFinding finding in findings)
                {
                    Write(json, finding);
                }

                json.WriteEndArray();
            },
            output => Write(output, findings),
            holds: !findings.Any(finding => finding.Severity >= least));
    }

    private static void Write(TextWriter output, IReadOnlyList<LintFinding> findings)
    {
        foreach (LintFinding finding in findings)
        {
            string place = finding.Statement is { } statement ? $" {statement.Label}{(statement.Position.Length == 0 ? "" : $" ({statement.Position})")}" : "";
            output.WriteLine($"{finding.Rule.Id} {Word(finding.Severity)}:{place} {finding.Rule.Title}{(finding.Detail.Length == 0 ? "" : $": {finding.Detail}")}");
            if (finding.Demonstration is { } shown)
            {
                output.WriteLine($"  {(shown.IsAllowed ? "allowed" : "denied")}{(shown.Assumption is null ? "" : $" {shown.Assumption}")}: {shown.Request}");
            }

            output.WriteLine($"  fix: {finding.Rule.Fix}");
        }

        output.WriteLine($"{findings.Count(one => one.Severity == LintSeverity.Error)} errors, {findings.Count(one => one.Severity == LintSeverity.Warning)} warnings, {findings.Count(one => one.Severity == LintSeverity.Notice)} notices");
    }

    private static void Write(Utf8JsonWriter json, LintFinding finding)
    {
        json.WriteStartObject();
        json.WriteString("rule", finding.Rule.Id);
        json.WriteString("severity", Word(finding.Severity));
        json.WriteString("title", finding.Rule.Title);
        json.WriteString("detail", finding.Detail);
        if (finding.Statement is { } statement)
        {
            json.WriteNumber("statement", statement.Index + 1);
            json.WriteString("sid", statement.Sid);
            json.WriteString("position", statement.Position);
        }

        if (finding.Demonstration is { } shown)
        {
            json.WriteStartObject("request");
            json.WriteString("principal", shown.Request.Principal.ToString());
            json.WriteString("action", shown.Request.Action);
            json.WriteString("attestation", shown.Request.Attestation?.Name);
            json.WriteString("text", shown.Request.ToString());
            json.WriteBoolean("allowed", shown.IsAllowed);
            json.WriteString("assumption", shown.Assumption);
            json.WriteEndObject();
        }

        json.WriteString("fix", finding.Rule.Fix);
        json.WriteEndObject();
    }

    private static string Word(LintSeverity severity) => severity switch
    {
        LintSeverity.Error => "error",
        LintSeverity.Warning => "warning",
        _ => "notice",
    };
}
