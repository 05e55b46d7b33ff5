using System.CommandLine;
using System.Text;
using Mantle.Cli;
using Mantle.Formats.Bytes;
using Mantle.Measure.Release.Ledger;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder ledger</c>: the append-only log of releases.</summary>
internal static class LedgerCommand
{
    private static readonly Argument<string> s_ledger = new("LEDGER") { Description = "The ledger's text; its checkpoint lies beside it" };
    private static readonly Option<int?> s_proof = new("--proof") { Description = "Print the proof that entry N is in the ledger (C2SP tlog-proof), for who has neither the ledger nor a network", HelpName = "N" };
    private static readonly Option<bool> s_json = new("--json") { Description = "Print the entries as JSON" };

    public static Command Create() => new(
        "ledger",
        """
        Keep the log of releases: what was released, retired and revoked, in a text that only ever grows, under a checkpoint that
        a key signs (C2SP tlog-checkpoint). Who has an old checkpoint can tell whether the log still says what it said.

          imagebuilder ledger append ledger/releases.jsonl --release release --policy policies/release.yaml \
            --time 2026-11-23T12:00:00Z --key ledger.pem --origin ledger.example/metrics
          imagebuilder ledger append ledger/releases.jsonl --revoke 7 --reason "CVE-2026-0001 in the kernel" --time 2026-12-01 --key ledger.pem
          imagebuilder ledger check  ledger/releases.jsonl --policy policies/release.yaml --old checkpoint-of-last-year
          imagebuilder ledger show   ledger/releases.jsonl
        """)
    {
        LedgerAppendCommand.Create(), LedgerCheckCommand.Create(), CreateShow(),
    };

    private static Command CreateShow()
    {
        Command command = new("show", "Print what the ledger says, an entry a line.") { s_ledger, s_proof, s_json };
        command.SetAction(Show);
        return command;
    }

    private static int Show(ParseResult parsed)
    {
        ReleaseLedger ledger = ReleaseLedger.Open(parsed.GetValue(s_ledger)!);
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(s_proof) is { } index)
        {
            output.Write(Encoding.UTF8.GetString(ledger.Prove(index).ToArray()));
        }
        else if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(parsed, json =>
            {
                json.WriteStartArray("entries");
                foreach (LedgerEntry entry in ledger.Entries)
                {
                    json.WriteRawValue(entry.ToArray());
                }

                json.WriteEndArray();
                json.WriteString("root", Convert.ToBase64String(ledger.Root.Span));
            });
        }
        else
        {
            foreach (LedgerEntry entry in ledger.Entries)
            {
                string more = entry.Event == LedgerEvent.Released ? $"image {entry.Image![..16]}" : PrintedText.Escape(entry.Reason!);
                output.WriteLine($"{entry.Index,-4} {PrintedText.Time(entry.Time.ToUnixTimeSeconds())}  {entry.EventName,-9} {entry.Name} {entry.Version}, number {entry.Number}, statement {entry.Statement[..16]}, {more}");
            }

            output.WriteLine($"{ledger.Entries.Count} entries, root {Convert.ToBase64String(ledger.Root.Span)}");
        }

        return Measure.ExitCode.Success;
    }
}
