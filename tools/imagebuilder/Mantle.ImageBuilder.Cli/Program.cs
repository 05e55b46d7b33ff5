using System.CommandLine;
using Mantle.Cli;
using Mantle.ImageBuilder.Cli.Commands;
using Mantle.ImageBuilder.Recipes;

namespace Mantle.ImageBuilder.Cli;

internal static class Program
{
    public const string Version = "0.1.0";

    private static readonly (string Name, Func<Command> Create)[] s_commands =
    [
        ("lock", () => LockCommand.Create(path => RecipeReader.Read(path).Resolution(), TimeProvider.System)),
        ("sysroot", SysrootCommand.Create),
        ("build", BuildCommand.Create),
        ("diff", DiffCommand.Create),
        ("identity", IdentityCommand.Create),
        ("sign", SignCommand.Create),
        ("ledger", LedgerCommand.Create),
        ("bind", BindCommand.Create),
        ("volume", VolumeCommand.Create),
        ("seal", SealCommand.Create),
        ("publish", PublishCommand.Create),
        ("ami", AmiCommand.Create),
        ("launch-template", LaunchTemplateCommand.Create),
        ("run", RunCommand.Create),
        ("completion", () => CompletionCommand.Create("imagebuilder")),
    ];

    private static Task<int> Main(string[] arguments)
    {
        RootCommand root = new(
            """
            Builds sealed appliance images: no SSH, no SSM, no serial console, no shell; measurements known before the first boot.

              imagebuilder lock  appliance/appliance.yaml    resolve packages, once
              imagebuilder build appliance/appliance.yaml    build image and measurements from recipe and lock
              imagebuilder diff  out ../other/out            where two builds differ, why, and which PCRs move
              imagebuilder identity create identity          whose signatures a machine takes: PK, KEK, db
              imagebuilder sign  out --identity identity     make a signed release, or add a signature to one
              imagebuilder ledger append releases.jsonl      log what was released, retired and revoked
              imagebuilder bind  policies/kms/sample.yaml    release a KMS key to verified releases alone
              imagebuilder volume create weights --out w.img a data volume, its root hash for the recipe
              imagebuilder seal  token --out token.sealed    a secret that only the attested appliance opens
              imagebuilder publish release --region R        make an AMI of exactly the image that was signed
              imagebuilder ami verify AMI --against release  prove that an AMI is a release, from its bytes
              imagebuilder launch-template --ami ami-0…      how to run it on EC2: CloudFormation or Terraform
              imagebuilder run   out --port 8443             boot an image on this host, for development
            """);
        return new CommandLineApplication("imagebuilder", Version).RunAsync(root, s_commands, arguments);
    }
}
