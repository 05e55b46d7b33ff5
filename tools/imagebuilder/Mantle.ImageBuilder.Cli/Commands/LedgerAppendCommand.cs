using System.CommandLine;
using Mantle.Cli;
using Mantle.ImageBuilder.Signing.Keys;
using Mantle.Measure;
using Mantle.Measure.Release;
using Mantle.Measure.Release.Ledger;
using Mantle.Measure.Release.Policy;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder ledger append</c>: one event more, and a checkpoint over all.</summary>
internal static class LedgerAppendCommand
{
    private static readonly Argument<string> s_ledger = new("LEDGER") { Description = "The ledger's text; made when there is none" };
    private static readonly Option<string?> s_release = new("--release") { Description = "Log this release, which the policy has to accept", HelpName = "DIR" };
    private static readonly Option<string?> s_policy = new("--policy") { Description = "The release policy", HelpName = "FILE" };
    private static readonly Option<long?> s_retire = new("--retire") { Description = "Log that the release of this number is retired: followed by others", HelpName = "NUMBER" };
    private static readonly Option<long?> s_revoke = new("--revoke") { Description = "Log that the release of this number is revoked: not to be used", HelpName = "NUMBER" };
    private static readonly Option<string?> s_name = new("--name") { Description = "The appliance, where a ledger has several", HelpName = "NAME" };
    private static readonly Option<string?> s_reason = new("--reason") { Description = "Why it is retired or revoked", HelpName = "TEXT" };
    private static readonly Option<string?> s_time = new("--time") { Description = "When; no clock is read", HelpName = "TIME" };
    private static readonly Option<string> s_key = new("--key") { Description = "The ledger's Ed25519 key, a file or kms:KEY", HelpName = "KEY", Required = true };
    private static readonly Option<string?> s_origin = new("--origin") { Description = "The ledger's name, for its first entry", HelpName = "NAME" };
    private static readonly Option<int?> s_passphrase = SigningOptions.PassphraseDescriptor();

    public static Command Create()
    {
        Command command = new(
            "append",
            """
            Log a release, a retirement or a revocation, and sign a checkpoint over the whole ledger. A release is verified first, by
            every rule of the policy but the one that asks for the ledger. Nothing is written when the ledger that is there is broken.
            """)
        {
            s_ledger, s_release, s_policy, s_retire, s_revoke, s_name, s_reason, s_time, s_key, s_origin, s_passphrase,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        ProcessSecrets.Protect();
        string path = parsed.GetValue(s_ledger)!;
        ReleaseLedger ledger = File.Exists(path) ? ReleaseLedger.Open(path) : ReleaseLedger.Empty;
        ReleasePolicy? policy = parsed.GetValue(s_policy) is { } file ? ReleasePolicyReader.Read(file) : null;
        if (policy?.LedgerCheckpoint is { } kept && LedgerCheck.Check(path, policy.Ledger, [("policy", kept.Note.ToArray())]).Verdict != Measure.Checking.Verdict.Holds)
        {
            // An older copy is sound in itself, and the key would sign a second history.
            throw new UserErrorException($"\"{path}\" is not the ledger that the policy's checkpoint is of", "\"imagebuilder ledger check --policy FILE\" shows what is wrong; take the newest copy", ExitCode.Mismatch);
        }

        LedgerEntry entry = Draft(parsed, ledger, policy, SigningOptions.Time(parsed, s_time));

        // What is wrong with the event is said before a passphrase is asked for.
        ledger.Append(entry);
        KeyOpener opener = new(SigningOptions.Passphrases(parsed, s_passphrase));
        using ISigner signer = await opener.OpenAsync(parsed.GetValue(s_key)!, cancellation).ConfigureAwait(false);
        (int index, NoteKey key) = await LedgerWriter.AppendAsync(path, ledger, entry, signer, parsed.GetValue(s_origin), cancellation).ConfigureAwait(false);
        parsed.InvocationConfiguration.Output.WriteLine($"entry {index}: {entry.Name} {entry.Version}, number {entry.Number}, {entry.EventName}");
        parsed.InvocationConfiguration.Output.WriteLine($"key {key}");
        return ExitCode.Success;
    }

    private static LedgerEntry Draft(ParseResult parsed, ReleaseLedger ledger, ReleasePolicy? policy, DateTimeOffset time)
    {
        string? release = parsed.GetValue(s_release);
        long? retire = parsed.GetValue(s_retire);
        long? revoke = parsed.GetValue(s_revoke);
        if (new[] { release is not null, retire is not null, revoke is not null }.Count(given => given) != 1)
        {
            throw new UserErrorException("one of --release, --retire and --revoke is needed", "see \"imagebuilder ledger --help\"", ExitCode.Usage);
        }

        return release is not null
            ? Released(release, policy ?? throw new UserErrorException("--policy is needed: who has to have signed the release", exitCode: ExitCode.Usage), time)
            : After(ledger, parsed.GetValue(s_name), (retire ?? revoke)!.Value, retire is null ? LedgerEvent.Revoked : LedgerEvent.Retired, parsed.GetValue(s_reason), time);
    }

    private static LedgerEntry Released(string directory, ReleasePolicy policy, DateTimeOffset time)
    {
        // What is about to be logged cannot be in the ledger yet.
        VerifiedRelease release = ReleaseVerification.Verify(directory, new()
        {
            Policy = policy with { Ledger = null, LedgerCheckpoint = null },
            At = time,
            Workers = Environment.ProcessorCount,
            SpoolFolder = SpoolFolder.Find(),
        }).Require();
        return LedgerEntry.Of(release, time);
    }

    internal static LedgerEntry After(ReleaseLedger ledger, string? name, long number, LedgerEvent what, string? reason, DateTimeOffset time)
    {
        LedgerEntry[] found = [.. ledger.Entries.Where(entry => entry.Event == LedgerEvent.Released && entry.Number == number && (name is null || entry.Name == name))];
        if (reason is null || !LedgerEntry.IsReason(reason))
        {
            throw new UserErrorException("--reason is needed, 10 to 500 characters on one line", exitCode: ExitCode.Usage);
        }

        return found is [LedgerEntry one]
            ? LedgerEntry.Withdrawing(one, what, reason, time)
            : throw new UserErrorException(
                found.Length == 0 ? $"the ledger has no release of number {number}" : $"{found.Length} appliances have a release of number {number}",
                found.Length == 0 ? "\"imagebuilder ledger show\" lists them" : "say which with --name", ExitCode.Mismatch);
    }
}
