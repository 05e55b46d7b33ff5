using Mantle.Formats.Bytes;
using Mantle.Measure.Checking;
using Mantle.Measure.Release.Ledger;
using Mantle.Measure.Release.Policy;

namespace Mantle.Measure.Release.Verification;

/// <summary>The release is in the ledger as it is, under a checkpoint of the ledger's key, and nothing later in the ledger takes it back.</summary>
internal static class LedgerRules
{
    public static void Check(CheckReport report, ReleaseInputs inputs, ReleasePolicy policy)
    {
        if (inputs.Ledger is not { } ledger)
        {
            if (policy.Ledger is { } key)
            {
                report.Missing("ledger", $"the policy asks for the ledger {key.Name}; give it with --ledger");
            }
            else
            {
                report.Skipped("ledger", "no ledger is given, and the policy asks for none");
            }

            return;
        }

        CheckCheckpoint(report, ledger, policy.Ledger);
        if (policy.LedgerCheckpoint is { } kept)
        {
            report.Check("ledger.kept", LedgerCheck.OldProblem(ledger, kept, policy.Ledger), $"the ledger begins with the {kept.Size} entries that the policy's checkpoint covers");
        }

        ReleaseStatement statement = inputs.Statement;
        LedgerEntry? entry = ledger.ReleaseOf(inputs.StatementSha256);
        string? problem =
            entry is null ? $"no entry of the ledger releases the statement {inputs.StatementSha256}"
            : entry.Name != statement.Name || entry.Number != statement.Number || entry.Version != statement.Version || entry.MinimumNumber != statement.MinimumNumber ? $"entry {entry.Index} names it {entry.Name} {entry.Version}, number {entry.Number}"
            : entry.Image != statement.DigestOf(ReleaseFiles.Image) ? $"entry {entry.Index} has another image"
            : entry.Envelope != inputs.Envelope.Sha256 ? $"entry {entry.Index} has the envelope {entry.Envelope}, this one is {inputs.Envelope.Sha256}: it was signed again after it was logged"
            : entry.WithoutSecureBoot!.Difference(statement.WithoutSecureBoot) ?? entry.WithSecureBoot!.Difference(statement.WithSecureBoot);
        report.Check("ledger.included", problem, $"entry {entry?.Index} of {ledger.Entries.Count}");
        LedgerEntry? last = ledger.StateOf(inputs.StatementSha256);
        report.Check(
            "ledger.state",
            last is null ? "never released" : last.Event == LedgerEvent.Released ? null : $"{last.EventName} on {UtcTime.Text(last.Time)}: {last.Reason}",
            "neither retired nor revoked");
        long least = ledger.MinimumNumberOf(statement.Name);
        report.Check("ledger.minimum-number", statement.Number >= least ? null : $"number {statement.Number} is older than {least}, the least that a later release accepts", $"number {statement.Number}, at least {least}");
    }

    /// <summary>Whether a checkpoint covers the whole text and is signed by the log's key.</summary>
    internal static void CheckCheckpoint(CheckReport report, ReleaseLedger ledger, NoteKey? key)
    {
        const string Id = "ledger.checkpoint";
        if (key is null)
        {
            report.Missing(Id, "no key of the ledger is known, so nobody vouches for the text; the policy may name it");
            return;
        }

        if (ledger.Checkpoint is not { } checkpoint)
        {
            report.Check(Id, false, "there is no checkpoint beside the ledger");
            return;
        }

        report.Check(
            Id,
            checkpoint.Origin != key.Name ? $"a checkpoint of the log \"{checkpoint.Origin}\", not of {key.Name}"
                : !checkpoint.Note.IsSignedBy(key) ? $"not signed by {key.Name}+{key.Id:x8}"
                : checkpoint.Size != ledger.Entries.Count ? $"it covers {checkpoint.Size} entries, the text has {ledger.Entries.Count}: {(checkpoint.Size > ledger.Entries.Count ? "entries were removed" : "the last entries are not signed")}"
                : !checkpoint.Root.Span.SequenceEqual(ledger.Root.Span) ? $"its root {Convert.ToBase64String(checkpoint.Root.Span)} is not the text's, {Convert.ToBase64String(ledger.Root.Span)}: two ledgers have the same name"
                : null,
            $"{checkpoint.Size} entries with the root {Convert.ToBase64String(checkpoint.Root.Span)}, signed by {key.Name}+{key.Id:x8}");
    }
}
