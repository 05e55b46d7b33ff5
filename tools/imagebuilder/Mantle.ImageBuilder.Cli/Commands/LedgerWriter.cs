using System.Text;
using Mantle.ImageBuilder.Output;
using Mantle.ImageBuilder.Signing.Keys;
using Mantle.Measure;
using Mantle.Measure.Release.Dsse;
using Mantle.Measure.Release.Ledger;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary>Puts an event into a ledger's files, under a new checkpoint.</summary>
internal static class LedgerWriter
{
    /// <summary>Appends.</summary>
    /// <param name="path">The ledger's text.</param>
    /// <param name="ledger">What it says now.</param>
    /// <param name="entry">The event.</param>
    /// <param name="signer">The ledger's key.</param>
    /// <param name="newOrigin">The name of a ledger that has no checkpoint yet, or null.</param>
    /// <param name="cancellation">Ends it before anything is written.</param>
    /// <returns>The entry's index and the ledger's key.</returns>
    /// <exception cref="UserErrorException">The ledger is broken, or the event makes no sense in it.</exception>
    public static async Task<(int Index, NoteKey Key)> AppendAsync(string path, ReleaseLedger ledger, LedgerEntry entry, ISigner signer, string? newOrigin, CancellationToken cancellation)
    {
        ReleaseLedger longer = ledger.Append(entry);
        string origin = ledger.Checkpoint?.Origin ?? newOrigin
            ?? throw new UserErrorException("--origin is needed: the name of a new ledger", "give a name that is yours, for example ledger.example.com/metrics", ExitCode.Usage);
        NoteKey key = KeyOf(origin, signer);
        if (ledger.Entries.Count > 0 && LedgerCheck.Check(ledger, key).Verdict != Measure.Checking.Verdict.Holds)
        {
            throw new UserErrorException($"\"{path}\" is not what {origin}'s key has signed", "\"imagebuilder ledger check\" shows what is wrong", ExitCode.Mismatch);
        }

        string text = longer.CheckpointText(origin);
        byte[] signature = await signer.SignCheckedAsync(Encoding.UTF8.GetBytes(text), SignatureScheme.Ed25519, cancellation).ConfigureAwait(false);
        Replace(path, longer.ToArray());
        Replace(path + ReleaseLedger.CheckpointSuffix, new SignedNote(text, []).With(key, signature).ToArray());
        return (longer.Entries.Count - 1, key);
    }

    private static NoteKey KeyOf(string origin, ISigner signer)
    {
        try
        {
            return new(origin, signer.PublicKey);
        }
        catch (ArgumentException e)
        {
            throw new UserErrorException($"{signer.Name}: {e.Message.Split(" (Parameter", 2)[0]}", "make one with \"openssl genpkey -algorithm ed25519\"");
        }
    }

    private static void Replace(string path, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        ReplacedFile.Write(path, content);
    }
}
