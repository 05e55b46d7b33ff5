using Mantle.Formats.Bytes;
using Mantle.Measure.Checking;
using Mantle.Measure.Release.Verification;
using Mantle.Measure.Verification;

namespace Mantle.Measure.Release.Ledger;

/// <summary>Whether a ledger is what its key has signed, and still begins with what it signed before.</summary>
public static class LedgerCheck
{
    /// <summary>Checks a ledger that was read.</summary>
    public static CheckReport Check(ReleaseLedger ledger, NoteKey? key)
    {
        CheckReport report = new();
        report.Check("ledger.chain", true, $"{ledger.Entries.Count} entries, each follows on those before it");
        LedgerRules.CheckCheckpoint(report, ledger, key);
        return report;
    }

    /// <summary>Checks a ledger file. That it is broken is a check that fails, no exception.</summary>
    /// <param name="path">The ledger's text.</param>
    /// <param name="key">The ledger's key, or null: then there is no verdict.</param>
    /// <param name="old">Checkpoints that somebody kept, with what to call them.</param>
    /// <exception cref="UserErrorException">There is no such file.</exception>
    public static CheckReport Check(string path, NoteKey? key, IReadOnlyList<(string Name, byte[] Bytes)> old)
    {
        if (!File.Exists(path))
        {
            throw new UserErrorException($"ledger: \"{path}\" does not exist", "name the ledger's text; its checkpoint lies beside it", ExitCode.Environment);
        }

        CheckReport report = new();
        ReleaseLedger? ledger = null;
        ImageVerifier.Guard(report, "ledger.chain", () => ledger = ReleaseLedger.Open(path));
        if (ledger is null)
        {
            report.Missing("ledger.checkpoint", "the text is broken");
            return report;
        }

        report.Check("ledger.chain", true, $"{ledger.Entries.Count} entries, each follows on those before it");
        LedgerRules.CheckCheckpoint(report, ledger, key);
        foreach ((string name, byte[] bytes) in old)
        {
            string id = $"ledger.old.{PrintedText.Escape(Path.GetFileName(name))}";
            ImageVerifier.Guard(report, id, () => CheckOld(report, id, ledger, Checkpoint.Read(bytes), key));
        }

        return report;
    }

    /// <summary>Checks a proof that an entry is in a ledger, without the ledger.</summary>
    public static CheckReport CheckProof(ReadOnlyMemory<byte> proof, ReadOnlyMemory<byte> entry, NoteKey? key)
    {
        CheckReport report = new();
        if (key is null)
        {
            report.Missing("ledger.proof", "no key of the ledger is known");
            return report;
        }

        ImageVerifier.Guard(report, "ledger.proof", () =>
        {
            LedgerProof read = LedgerProof.Read(proof);
            ReadOnlyMemory<byte> line = entry.Span.EndsWith("\n"u8) ? entry[..^1] : entry;
            LedgerEntry known = LedgerEntry.Read(line);
            report.Check(
                "ledger.proof",
                read.Proves(line.Span, key) ? null : "the proof does not lead from this entry to a checkpoint that the key has signed",
                $"entry {read.Index} of {read.Checkpoint.Size}: {known.Name} {known.Version}, {known.EventName}, signed by {key.Name}+{key.Id:x8}");
        });
        return report;
    }

    private static void CheckOld(CheckReport report, string id, ReleaseLedger ledger, Checkpoint old, NoteKey? key)
    {
        report.Check(id, OldProblem(ledger, old, key), $"the ledger begins with the {old.Size} entries that it covers");
    }

    /// <summary>Why a ledger is not one that has grown from an old checkpoint, or null.</summary>
    internal static string? OldProblem(ReleaseLedger ledger, Checkpoint old, NoteKey? key) =>
        key is not null && (old.Origin != key.Name || !old.Note.IsSignedBy(key)) ? $"not signed by {key.Name}+{key.Id:x8}"
        : old.Size > ledger.Entries.Count ? $"it covers {old.Size} entries, the text has {ledger.Entries.Count}: entries were removed"
        : !ledger.RootAt((int)old.Size).AsSpan().SequenceEqual(old.Root.Span) ? $"the first {old.Size} entries are not those that it covers: the ledger was forked"
        : null;
}
