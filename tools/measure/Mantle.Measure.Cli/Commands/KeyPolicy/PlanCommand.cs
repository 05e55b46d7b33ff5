using System.CommandLine;
using System.Text.Json;
using Mantle.Cli;
using Mantle.Measure.KeyPolicy.Plans;
using Mantle.Measure.KeyPolicy.Rolling;

namespace Mantle.Measure.Cli.Commands.KeyPolicy;

/// <summary><c>measure policy plan</c>.</summary>
internal static class PlanCommand
{
    private static readonly Argument<string> s_plan = new("PLAN") { Description = "The binding plan in force" };
    private static readonly Option<string> s_release = new("--release") { Description = "The new release's name", HelpName = "NAME", Required = true };
    private static readonly Option<string> s_measurements = new("--measurements") { Description = "The new release's measurements.json", HelpName = "FILE", Required = true };
    private static readonly Option<string> s_until = new("--until") { Description = "When the releases of today lose the key", HelpName = "TIME", Required = true };

    public static Command Create()
    {
        Command command = new(
            "plan",
            """
            Say how to roll to a new release: ordered steps, the state of policy, AMI and fleet at each, who gains and loses by it, and how to undo it.

            Example:
              measure policy plan policies/kms/sample.yaml --release 1.4.3 --measurements out/measurements.json --until 2027-06-30
            """)
        {
            s_plan, s_release, s_measurements, s_until, PolicyInputs.Json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        string name = parsed.GetValue(s_release)!;
        PlanGeneration next = new() { Name = name, State = GenerationState.Canary, Pcrs = PolicyInputs.ReadMeasurements(parsed.GetValue(s_measurements)!, name) };
        IReadOnlyList<RollingStep> steps = RollingPlan.Make(PlanReader.ReadFile(parsed.GetValue(s_plan)!), next, PolicyInputs.ParseTime(parsed.GetValue(s_until)!));
        return PolicyInputs.Finish(parsed, json => Write(json, steps), output => Write(output, steps), holds: true);
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<RollingStep> steps)
    {
        json.WriteStartArray("steps");
        foreach (RollingStep step in steps)
        {
            json.WriteStartObject();
            json.WriteString("title", step.Title);
            json.WriteString("policy", step.Policy);
            json.WriteString("images", step.Images);
            json.WriteString("fleet", step.Fleet);
            json.WriteString("undo", step.Undo);
            json.WriteString("proceed", step.Proceed);
            json.WriteTexts("changes", step.Changes.Select(change => change.ToString()));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(TextWriter output, IReadOnlyList<RollingStep> steps)
    {
        for (int i = 0; i < steps.Count; i++)
        {
            RollingStep step = steps[i];
            output.WriteLine($"{i + 1}. {step.Title}");
            output.WriteLine($"   policy   {step.Policy}");
            output.WriteLine($"   images   {step.Images}");
            output.WriteLine($"   fleet    {step.Fleet}");
            foreach (PolicyChange change in step.Changes)
            {
                output.WriteLine($"   {change}");
            }

            output.WriteLine($"   undo     {step.Undo}");
            output.WriteLine($"   go on    when {step.Proceed}");
        }
    }
}
