using System.Globalization;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Measure.Release.Documents;

namespace Mantle.Measure.Release.Ledger;

/// <summary>That one entry is in a log, for somebody who has neither the log nor a network (C2SP tlog-proof, version 1).</summary>
/// <param name="Index">The entry's number from 0.</param>
/// <param name="Hashes">The inclusion proof, nearest first.</param>
/// <param name="Checkpoint">The signed tree head that it leads to.</param>
public sealed record LedgerProof(long Index, IReadOnlyList<byte[]> Hashes, Checkpoint Checkpoint)
{
    private const string Format = "ledger proof";
    private const string Header = "c2sp.org/tlog-proof@v1";
    private const string IndexWord = "index ";
    private const int MaximumSize = 1 << 17;
    private const int MaximumHashes = 63;

    /// <summary>Whether the proof shows that these bytes are the entry, under a checkpoint that the key has signed.</summary>
    public bool Proves(ReadOnlySpan<byte> entry, NoteKey key) =>
        Checkpoint.Origin == key.Name && Checkpoint.Note.IsSignedBy(key)
        && MerkleTree.VerifyInclusion(Index, Checkpoint.Size, MerkleTree.HashLeaf(entry), Hashes, Checkpoint.Root.Span);

    /// <summary>The file.</summary>
    public byte[] ToArray()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{Header}\n{IndexWord}{Index}\n");
        foreach (byte[] hash in Hashes)
        {
            text.Append(Convert.ToBase64String(hash)).Append('\n');
        }

        return [.. Encoding.ASCII.GetBytes(text.Append('\n').ToString()), .. Checkpoint.Note.ToArray()];
    }

    /// <summary>Reads a file. The optional line of opaque data is refused; none of ours has it.</summary>
    /// <exception cref="MalformedInputException">It is no such proof.</exception>
    public static LedgerProof Read(ReadOnlyMemory<byte> bytes)
    {
        int split = bytes.Length > MaximumSize ? -1 : bytes.Span.IndexOf("\n\n"u8);
        string[] lines = split < 0 ? [] : Encoding.Latin1.GetString(bytes.Span[..split]).Split('\n');
        if (lines.Length is < 2 or > MaximumHashes + 2 || lines[0] != Header || !lines[1].StartsWith(IndexWord, StringComparison.Ordinal)
            || !long.TryParse(lines[1].AsSpan(IndexWord.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long index)
            || lines[1] != IndexWord + index.ToString(CultureInfo.InvariantCulture))
        {
            throw new MalformedInputException(Format, 0, "not a proof of version 1 with an index");
        }

        List<byte[]> hashes = [];
        foreach (string line in lines[2..])
        {
            hashes.Add(StrictBase64.TryDecode(line, out byte[] hash) && hash.Length == MerkleTree.HashSize
                ? hash
                : throw new MalformedInputException(Format, 0, "a line that is no hash in base64"));
        }

        return new(index, hashes, Checkpoint.Read(bytes[(split + 2)..]));
    }
}
