using System.CommandLine;
using Mantle.Cli;
using Mantle.Formats.Bytes;
using Mantle.Measure;
using Mantle.Measure.Checking;
using Mantle.Measure.Release.Ledger;
using Mantle.Measure.Release.Policy;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder ledger check</c>: whether the text hangs together, its key has signed it, and it still begins as it did.</summary>
internal static class LedgerCheckCommand
{
    private static readonly Argument<string> s_ledger = new("LEDGER") { Description = "The ledger's text, or with --entry a proof" };
    private static readonly Option<string?> s_policy = new("--policy") { Description = "The release policy, which has the ledger's key, and perhaps a checkpoint that the ledger has to begin with", HelpName = "FILE" };
    private static readonly Option<string?> s_key = new("--key") { Description = "The ledger's key by itself, NAME+KEYID+BASE64", HelpName = "KEY" };
    private static readonly Option<string[]> s_old = new("--old") { Description = "A checkpoint that somebody kept: the ledger has to begin with what it covers; may be repeated", HelpName = "FILE" };
    private static readonly Option<string?> s_entry = new("--entry") { Description = "Check a proof instead: LEDGER is the proof, this is the entry, one line of the ledger", HelpName = "FILE" };
    private static readonly Option<bool> s_json = new("--json") { Description = "Print the result as JSON" };

    public static Command Create()
    {
        Command command = new(
            "check",
            """
            Say whether every entry follows on those before it, whether the ledger's key has signed a checkpoint over all of them, and
            whether the ledger still begins with what older checkpoints cover. Exit code 0: it does; 2: it does not; 7: no key is known.
            """)
        {
            s_ledger, s_policy, s_key, s_old, s_entry, s_json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        ReleasePolicy? policy = parsed.GetValue(s_policy) is { } file ? ReleasePolicyReader.Read(file) : null;
        NoteKey? key = parsed.GetValue(s_key) is { } text ? NoteKey.Parse(text) : policy?.Ledger;
        IEnumerable<(string, byte[])> kept = policy?.LedgerCheckpoint is { } checkpoint ? [("policy", checkpoint.Note.ToArray())] : [];
        string path = parsed.GetValue(s_ledger)!;
        CheckReport report = parsed.GetValue(s_entry) is { } entry
            ? LedgerCheck.CheckProof(Read(path), Read(entry), key)
            : LedgerCheck.Check(path, key, [.. kept, .. (parsed.GetValue(s_old) ?? []).Select(old => (old, Read(old)))]);
        if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(parsed, json => CheckJson.Write(report, json));
        }
        else
        {
            CheckText.Write(report, Path.GetFileName(path), parsed.InvocationConfiguration.Output);
        }

        return report.ExitCode;
    }

    private static byte[] Read(string path) => File.Exists(path)
        ? ByteSource.OpenFile(path) is { Length: <= 1 << 20 } file ? file.ToArray() : throw new UserErrorException($"\"{path}\" is too long for a checkpoint, a proof or an entry")
        : throw new UserErrorException($"\"{path}\" does not exist", "name a file", ExitCode.Environment);
}
