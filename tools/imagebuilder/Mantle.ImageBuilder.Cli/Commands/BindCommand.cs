using System.CommandLine;
using Mantle.Cli;
using Mantle.ImageBuilder.Binding;
using Mantle.Measure.Release;
using Mantle.Measure.Release.Ledger;
using Mantle.Measure.Release.Policy;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder bind</c>: puts a key policy in place.</summary>
internal static class BindCommand
{
    private static readonly Option<string[]> s_releases = new("--release") { Description = "A release directory that the key is released to; repeatable. It is verified first", HelpName = "DIR" };

    private static readonly Option<string> s_policy = new("--policy")
    {
        Description = "Who has to have signed the releases", HelpName = "FILE", DefaultValueFactory = _ => "policies/release.yaml",
    };

    private static readonly Option<string?> s_ledger = new("--ledger") { Description = "The ledger of releases", HelpName = "FILE" };
    private static readonly Option<bool> s_create = new("--create") { Description = "Create the key when the plan names none, with the bootstrap policy first" };
    private static readonly Option<bool> s_seal = new("--seal") { Description = "Mean it when the plan's phase is \"sealed\": nobody can replace the policy again" };
    private static readonly Option<bool> s_yes = new("--yes", "-y") { Description = "Do not ask" };
    private static readonly Option<bool> s_dryRun = new("--dry-run") { Description = "Show who would gain and lose, and change nothing" };

    public static Command Create()
    {
        Command command = new(
            "bind",
            """
            Put a binding plan's key policy in place: verify the releases, generate, prove and lint the policy, show who gains and who loses against
            the live one, ask, put it, read it back, and check grants, key state, alias, replicas and rotation. Run again it changes nothing, or goes
            on where it stopped. Credentials, region and endpoint are those that the AWS SDK finds.

            Exit code 2: refused, or not as the plan says; 5: KMS failed or refused; 7: something could not be read.

              imagebuilder bind policies/kms/sample.yaml --release release --dry-run
              imagebuilder bind policies/kms/sample.yaml --release release --ledger ledger.txt
              imagebuilder bind policies/kms/sample.yaml --create --yes           a new key, for a plan of phase bootstrap
              imagebuilder bind status policies/kms/sample.yaml                   what has drifted
            """)
        {
            BindOptions.Plan, s_releases, s_policy, s_ledger, s_create, s_seal, s_yes, s_dryRun, BindOptions.Json,
        };
        command.Subcommands.Add(BindStatusCommand.Create());
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        BindRequest request = BindOptions.Request(parsed) with
        {
            Releases = Verify(parsed),
            Creates = parsed.GetValue(s_create),
            Seals = parsed.GetValue(s_seal),
            IsDryRun = parsed.GetValue(s_dryRun),
        };
        using Binder binder = Binder.Connect(request, new ConsoleDialogue(parsed.GetValue(s_yes)));
        return BindOptions.Finish(parsed, await binder.RunAsync(cancellation).ConfigureAwait(false));
    }

    /// <summary>There is no other way to a <see cref="BindRelease"/>, and no option that leaves it out.</summary>
    private static IReadOnlyList<BindRelease> Verify(ParseResult parsed)
    {
        string[] directories = parsed.GetValue(s_releases) ?? [];
        if (directories.Length == 0)
        {
            return [];
        }

        ReleaseVerificationOptions options = new()
        {
            Policy = ReleasePolicyReader.Read(parsed.GetValue(s_policy)!),
            At = TimeProvider.System.GetUtcNow(),
            Ledger = parsed.GetValue(s_ledger) is { } ledger ? ReleaseLedger.Open(ledger) : null,
            Workers = Environment.ProcessorCount,
            SpoolFolder = SpoolFolder.Find(),
        };
        return [.. directories.Select(directory => BindRelease.Of(ReleaseVerification.Verify(directory, options).Require()))];
    }
}
