using System.CommandLine;
using Mantle.ImageBuilder.Publishing.Lifecycle;
using Mantle.ImageBuilder.Signing.Keys;
using Mantle.Measure;
using Mantle.Measure.KeyPolicy.Plans;
using Mantle.Measure.Release.Ledger;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder ami retire</c>: a release that is followed by another.</summary>
internal static class AmiRetireCommand
{
    private static readonly Argument<long> s_number = new("NUMBER") { Description = "The release's number in the ledger" };
    private static readonly Option<string[]> s_regions = AmiOptions.Regions();
    private static readonly Option<string> s_ledger = new("--ledger") { Description = "The ledger, in which the release becomes retired", HelpName = "FILE", Required = true };
    private static readonly Option<string> s_key = new("--key") { Description = "The ledger's Ed25519 key, a file or kms:KEY", HelpName = "KEY", Required = true };
    private static readonly Option<string?> s_name = new("--name") { Description = "The appliance, where the ledger has several", HelpName = "NAME" };
    private static readonly Option<string?> s_reason = new("--reason") { Description = "Why, for the ledger", HelpName = "TEXT" };
    private static readonly Option<string?> s_time = new("--time") { Description = "When, for the ledger", HelpName = "TIME" };
    private static readonly Option<string?> s_plan = AmiOptions.Plan();
    private static readonly Option<string?> s_until = new("--until") { Description = "When the release is to lose the key, for the plan of the policy [default: a week after --time]", HelpName = "TIME" };
    private static readonly Option<int?> s_passphrase = SigningOptions.PassphraseDescriptor();
    private static readonly Option<bool> s_yes = new("--yes", "-y") { Description = "Do not ask" };

    public static Command Create()
    {
        Command command = new(
            "retire",
            """
            Retire a release: its AMIs are deprecated and shared with nobody, the ledger says that it is retired, and with --plan the change of the key policy
            is printed with who loses by it. Nothing is deleted, and instances that run go on. Run again it goes on where it stopped.

              imagebuilder ami retire 7 --region us-east-1,eu-central-1 --ledger releases.jsonl --key ledger.pem \
                --reason "replaced by 1.3.0" --time 2026-12-01 --plan policies/kms/sample.yaml
            """)
        {
            s_number, s_regions, s_ledger, s_key, s_name, s_reason, s_time, s_plan, s_until, s_passphrase, s_yes,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        ProcessSecrets.Protect();
        string path = parsed.GetValue(s_ledger)!;
        ReleaseLedger ledger = ReleaseLedger.Open(path);
        DateTimeOffset time = SigningOptions.Time(parsed, s_time);
        LedgerEntry entry = LedgerAppendCommand.After(ledger, parsed.GetValue(s_name), parsed.GetValue(s_number), LedgerEvent.Retired, parsed.GetValue(s_reason), time);
        LedgerEvent state = ledger.StateOf(entry.Statement)!.Event;
        if (state == LedgerEvent.Released)
        {
            // Whatever the ledger has to say against the event, it says before anything is changed.
            ledger.Append(entry);
        }

        BindingPlan? plan = AmiOptions.ReadPlan(parsed, s_plan);
        TextWriter output = parsed.InvocationConfiguration.Output;
        using AmiInventory inventory = await AmiOptions.ReadAsync(parsed, s_regions, ledger, plan, cancellation).ConfigureAwait(false);
        IReadOnlyList<string>? done = await inventory.RetireAsync(entry.Statement, TimeProvider.System.GetUtcNow(), new ConsoleDialogue(parsed.GetValue(s_yes)), cancellation).ConfigureAwait(false);
        if (done is null)
        {
            return ExitCode.Success;
        }

        foreach (string line in done)
        {
            output.Write($"{"done",-13}{line}\n");
        }

        if (state == LedgerEvent.Released)
        {
            KeyOpener opener = new(SigningOptions.Passphrases(parsed, s_passphrase));
            using ISigner signer = await opener.OpenAsync(parsed.GetValue(s_key)!, cancellation).ConfigureAwait(false);
            (int index, _) = await LedgerWriter.AppendAsync(path, ledger, entry, signer, null, cancellation).ConfigureAwait(false);
            output.Write($"{"done",-13}ledger entry {index}: {entry.Name} {entry.Version}, number {entry.Number}, {entry.EventName}\n");
        }

        WritePlan(parsed, inventory, entry, plan, time, output);
        return ExitCode.Success;
    }

    private static void WritePlan(ParseResult parsed, AmiInventory inventory, LedgerEntry entry, BindingPlan? plan, DateTimeOffset time, TextWriter output)
    {
        if (plan is null)
        {
            output.Write($"{"to do",-13}the key policy: --plan FILE shows what to change\n");
        }
        else if (inventory.GenerationOf(entry.Statement) is { } generation)
        {
            foreach (string line in AmiInventory.PlanRetirement(plan, generation, SigningOptions.Find(parsed, s_until) ?? time.AddDays(7)))
            {
                output.Write($"{"to do",-13}{line}\n");
            }
        }
        else
        {
            output.Write($"{"policy",-13}no generation of the plan has the registers of {entry.Name} {entry.Version}: nothing to change\n");
        }
    }
}
