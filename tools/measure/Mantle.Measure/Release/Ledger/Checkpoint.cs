using System.Globalization;
using Mantle.Formats.Bytes;
using Mantle.Measure.Release.Documents;

namespace Mantle.Measure.Release.Ledger;

/// <summary>A signed tree head (C2SP tlog-checkpoint): a note of origin, tree size and root. Extension lines are refused; no ledger of ours has any.</summary>
/// <param name="Origin">The log's name, the same as its key's.</param>
/// <param name="Size">How many entries.</param>
/// <param name="Root">The root over them, 32 bytes.</param>
/// <param name="Note">The note with its signatures.</param>
public sealed record Checkpoint(string Origin, long Size, ReadOnlyMemory<byte> Root, SignedNote Note)
{
    private const string Format = "checkpoint";

    /// <summary>The text to be signed.</summary>
    public static string TextOf(string origin, long size, ReadOnlySpan<byte> root) =>
        string.Create(CultureInfo.InvariantCulture, $"{origin}\n{size}\n{Convert.ToBase64String(root)}\n");

    /// <summary>Reads a checkpoint, without verifying its signatures.</summary>
    /// <exception cref="MalformedInputException">It is none.</exception>
    public static Checkpoint Read(ReadOnlyMemory<byte> bytes)
    {
        SignedNote note = SignedNote.Read(bytes);
        return note.Text.Split('\n') is [string origin, string sizeText, string rootText, ""]
            && NoteKey.IsName(origin)
            && long.TryParse(sizeText, NumberStyles.None, CultureInfo.InvariantCulture, out long size)
            && StrictBase64.TryDecode(rootText, out byte[] root) && root.Length == MerkleTree.HashSize
            && TextOf(origin, size, root) == note.Text
            ? new(origin, size, root, note)
            : throw new MalformedInputException(Format, 0, "not three lines of origin, tree size and root");
    }
}
