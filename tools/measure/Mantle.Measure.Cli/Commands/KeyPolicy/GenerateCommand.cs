using System.CommandLine;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Generation;
using Mantle.Measure.KeyPolicy.Plans;

namespace Mantle.Measure.Cli.Commands.KeyPolicy;

/// <summary><c>measure policy generate</c>.</summary>
internal static class GenerateCommand
{
    private static readonly Argument<string> s_plan = new("PLAN") { Description = "A binding plan (docs/key-policy.md)" };

    private static readonly Option<string> s_format = new("--format")
    {
        Description = "json: for PutKeyPolicy; terraform: a resource; cloudformation: a template",
        HelpName = "json|terraform|cloudformation",
        DefaultValueFactory = _ => "json",
    };

    private static readonly Option<string> s_part = new("--part")
    {
        Description = "key: the key policy; iam: the instance role's policy; scp, rcp: control policies of the organization",
        HelpName = "key|iam|scp|rcp",
        DefaultValueFactory = _ => "key",
    };

    private static readonly Option<bool> s_compact = new("--compact") { Description = "JSON without white space, as KMS counts it" };

    public static Command Create()
    {
        s_format.AcceptOnlyFromAmong("json", "terraform", "cloudformation");
        s_part.AcceptOnlyFromAmong("key", "iam", "scp", "rcp");
        Command command = new(
            "generate",
            """
            Write the key policy of a binding plan. Every meaningful request is decided first; a policy that does anything but what the plan says is not written.

            Examples:
              measure policy generate policies/kms/sample.yaml                       the key policy
              measure policy generate policies/kms/sample.yaml --format terraform    the same for Terraform
              measure policy generate policies/kms/sample.yaml --part scp            a service control policy to go with it
            """)
        {
            s_plan, s_format, s_part, s_compact,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        BindingPlan plan = PlanReader.ReadFile(parsed.GetValue(s_plan)!);
        string format = parsed.GetValue(s_format)!, part = parsed.GetValue(s_part)!;
        bool compact = parsed.GetValue(s_compact);
        if ((part != "key" || compact) && format != "json")
        {
            throw new UserErrorException($"--format {format} is for the key policy as a whole", "leave --part and --compact out", ExitCode.Usage);
        }

        GeneratedKeyPolicy generated = KeyPolicyGenerator.Generate(plan);
        parsed.InvocationConfiguration.Output.Write(format switch
        {
            "terraform" => TerraformText.Write(plan, generated.Policy),
            "cloudformation" => CloudFormationText.Write(plan, generated.Policy),
            _ => PolicyWriter.Write(part == "key" ? generated.Policy : Companion(plan, part), compact) + "\n",
        });
        Console.Error.WriteLine(
            $"measure: {generated.Size} of {KeyPolicyGenerator.SizeLimit} bytes; {KeyPolicyGenerator.Fitting(plan)} generations fit; {generated.Requests} requests decided as the plan says");
        return ExitCode.Success;
    }

    private static PolicyDocument Companion(BindingPlan plan, string part) => plan.Key.Id == KeyIdentity.UnknownId
        ? throw new UserErrorException("the plan has no key.id, and this policy names the key", "create the key, then write its identifier into the plan")
        : part switch
        {
            "iam" => CompanionPolicies.InstanceRole(plan),
            "scp" => CompanionPolicies.ServiceControl(plan),
            _ => CompanionPolicies.ResourceControl(plan),
        };
}
