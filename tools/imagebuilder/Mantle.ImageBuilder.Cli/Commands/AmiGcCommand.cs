using System.CommandLine;
using Mantle.ImageBuilder.Publishing.Lifecycle;
using Mantle.Measure;
using Mantle.Measure.Release.Ledger;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder ami gc</c>: deletes what no state of the ledger needs.</summary>
internal static class AmiGcCommand
{
    private static readonly Option<string[]> s_regions = AmiOptions.Regions();
    private static readonly Option<string> s_ledger = new("--ledger") { Description = "The ledger: what it has retired or revoked may go", HelpName = "FILE", Required = true };
    private static readonly Option<string?> s_policy = AmiOptions.Policy();
    private static readonly Option<string?> s_plan = AmiOptions.Plan();
    private static readonly Option<bool> s_dryRun = new("--dry-run") { Description = "List what would be deleted, and delete nothing" };
    private static readonly Option<bool> s_yes = new("--yes", "-y") { Description = "Do not ask" };

    public static Command Create()
    {
        Command command = new(
            "gc",
            """
            Delete AMIs and snapshots of releases that the ledger has retired or revoked. What the ledger does not know is kept, and with --plan what the key is
            still released to. Every deletion is listed first, and asked for.

              imagebuilder ami gc --region us-east-1,eu-central-1 --ledger releases.jsonl --policy policies/release.yaml --plan policies/kms/sample.yaml --dry-run
            """)
        {
            s_regions, s_ledger, s_policy, s_plan, s_dryRun, s_yes,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        ReleaseLedger ledger = AmiOptions.ReadLedger(parsed.GetValue(s_ledger)!, parsed.GetValue(s_policy));
        using AmiInventory inventory = await AmiOptions.ReadAsync(parsed, s_regions, ledger, AmiOptions.ReadPlan(parsed, s_plan), cancellation).ConfigureAwait(false);
        TextWriter output = parsed.InvocationConfiguration.Output;
        foreach (string line in inventory.Kept)
        {
            output.Write($"{"kept",-13}{line}\n");
        }

        if (parsed.GetValue(s_dryRun))
        {
            Write(output, "to do", inventory.Unneeded);
            return ExitCode.Success;
        }

        Write(output, "done", await inventory.CollectAsync(new ConsoleDialogue(parsed.GetValue(s_yes)), cancellation).ConfigureAwait(false) ?? []);
        return ExitCode.Success;
    }

    private static void Write(TextWriter output, string label, IReadOnlyList<string> lines)
    {
        foreach (string line in lines)
        {
            output.Write($"{label,-13}{line}\n");
        }
    }
}
