using System.CommandLine;
using Mantle.ImageBuilder.Launching;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder launch-template</c>: how to run an appliance on EC2, as CloudFormation or Terraform.</summary>
internal static class LaunchTemplateCommand
{
    private const string CloudFormation = "cloudformation";
    private const string Terraform = "terraform";

    private static readonly string[] s_formats = [CloudFormation, Terraform];

    private static readonly Option<string?> s_release = new("--release") { Description = "A published release; it is verified, and its ami.json names the AMI of the key's region", HelpName = "RELEASE" };
    private static readonly Option<string> s_policy = VerifiedReleaseOptions.Policy();
    private static readonly Option<string?> s_ledger = VerifiedReleaseOptions.Ledger();
    private static readonly Option<string?> s_name = new("--name") { Description = "What the resources are called [default: the release's name]", HelpName = "NAME" };
    private static readonly Option<string?> s_ami = new("--ami") { Description = "The AMI, of the key's region, where there is no --release", HelpName = "ID" };
    private static readonly Option<string> s_key = new("--key") { Description = "The KMS key that the appliance uses", HelpName = "ARN", Required = true };
    private static readonly Option<string> s_role = new("--role") { Description = "The name of the instance's role, as the binding plan has it", HelpName = "NAME", Required = true };
    private static readonly Option<int> s_port = new("--port") { Description = "The service's TCP port", HelpName = "N", Required = true };

    private static readonly Option<string[]> s_operation = new("--operation")
    {
        Description = "What the appliance does with the key; may be repeated [default: kms:Decrypt]", HelpName = "kms:NAME",
    };

    private static readonly Option<string> s_type = new("--instance-type") { Description = "An x86-64 type with NitroTPM", HelpName = "TYPE", DefaultValueFactory = _ => "m7i.large" };
    private static readonly Option<string[]> s_volume = new("--volume") { Description = "The snapshot of a data volume; may be repeated", HelpName = "SNAPSHOT" };

    private static readonly Option<string> s_format = new("--format") { Description = "cloudformation (YAML) or terraform", HelpName = "NAME", DefaultValueFactory = _ => CloudFormation };

    public static Command Create()
    {
        s_format.CompletionSources.Add(s_formats);
        Command command = new(
            "launch-template",
            """
            Print how to run an appliance on EC2: its role, network rules, the way to KMS, launch template and instance, in one file.

            There is no key pair and no user data, metadata is version 2 and one hop away, the role can use the key with an attestation
            document and do nothing else, and the network leads to the service's port and to KMS. Nothing is sent to AWS.

              imagebuilder launch-template --release release --role sample-appliance --port 8443 \
                --key arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab > sample.yaml
              imagebuilder launch-template --name sample --ami ami-0123456789abcdef0 ... --format terraform --volume snap-0123456789abcdef0 > sample.tf
            """)
        {
            s_release, s_policy, s_ledger, s_name, s_ami, s_key, s_role, s_port, s_operation, s_type, s_volume, s_format,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        string? directory = parsed.GetValue(s_release);
        if ((directory is null) == (parsed.GetValue(s_ami) is null))
        {
            throw new UserErrorException(directory is null ? "no AMI is named" : "--ami and --release both name one", "give --release, or --ami with --name", ExitCode.Usage);
        }

        LaunchRequest request = new()
        {
            Name = parsed.GetValue(s_name) ?? (directory is null ? throw new UserErrorException("--name is needed where --ami names the AMI", exitCode: ExitCode.Usage) : ""),
            ImageId = parsed.GetValue(s_ami) ?? "",
            KeyArn = parsed.GetValue(s_key)!,
            Role = parsed.GetValue(s_role)!,
            Port = parsed.GetValue(s_port),
            Operations = parsed.GetValue(s_operation) is { Length: > 0 } operations ? [.. operations.Distinct().Order(StringComparer.Ordinal)] : ["kms:Decrypt"],
            InstanceType = parsed.GetValue(s_type)!,
            Snapshots = parsed.GetValue(s_volume) ?? [],
        };
        if (directory is not null)
        {
            request.CheckKey(); // its region decides which AMI is meant
            request = request.Of(VerifiedReleaseOptions.Verify(directory, parsed.GetValue(s_policy)!, parsed.GetValue(s_ledger)));
        }

        request.Check();
        parsed.InvocationConfiguration.Output.Write(parsed.GetValue(s_format) switch
        {
            CloudFormation => CloudFormationTemplate.Write(request),
            Terraform => TerraformConfiguration.Write(request),
            string other => throw new UserErrorException($"format \"{other}\" is none of {string.Join(", ", s_formats)}", exitCode: ExitCode.Usage),
            null => "",
        });
        return ExitCode.Success;
    }
}
