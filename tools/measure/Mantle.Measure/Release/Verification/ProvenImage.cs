using System.Security.Cryptography;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.Release.Verification;

/// <summary>
/// An image of which every read gives the bytes whose digest was verified, or fails. The file stays open, but whoever may write to it still can; so while the
/// whole is digested each block is too, and a block that is read later is held against its own. What is a hole is known from then as well: one that is
/// punched afterwards is no reason to leave a block out. Blocks of which parts are read are kept for a while, 8 MiB of them.
/// </summary>
internal sealed class ProvenImage : ByteSource
{
    private const int BlockLength = 1 << 19;
    private const int RunBlocks = 16;
    private const int KeptBlocks = 16;

    private readonly ByteSource _image;

    /// <summary>Of each block; null: it is zero.</summary>
    private readonly byte[]?[] _digests;

    private readonly KeptBlock[] _kept = [.. Enumerable.Range(0, KeptBlocks).Select(_ => new KeptBlock())];

    private ProvenImage(ByteSource image)
    {
        _image = image;
        _digests = new byte[]?[checked((int)((image.Length + BlockLength - 1) / BlockLength))];
    }

    /// <inheritdoc/>
    public override long Length => _image.Length;

    /// <summary>SHA-256 of the whole, lower-case hexadecimal.</summary>
    public string Sha256 { get; private set; } = "";

    /// <summary>Reads the whole once.</summary>
    public static ProvenImage Read(ByteSource image)
    {
        ProvenImage proven = new(image);
        using IncrementalHash whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] run = GC.AllocateUninitializedArray<byte>((int)Math.Min(RunBlocks * BlockLength, image.Length));
        for (long at = 0; at < image.Length; at += run.Length)
        {
            int length = (int)Math.Min(run.Length, image.Length - at);
            int first = (int)(at / BlockLength);
            image.ReadExactly(at, run.AsSpan(0, length));
            Parallel.Invoke(() => whole.AppendData(run, 0, length), () => proven.DigestRun(first, run.AsSpan(0, length)));
        }

        proven.Sha256 = Convert.ToHexStringLower(whole.GetHashAndReset());
        return proven;
    }

    /// <inheritdoc/>
    public override long FindData(long offset)
    {
        int block = (int)(offset / BlockLength);
        while (block < _digests.Length && _digests[block] is null)
        {
            block++;
        }

        return block < _digests.Length ? Math.Max(offset, (long)block * BlockLength) : Length;
    }

    /// <inheritdoc/>
    protected override void ReadCore(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int block = (int)(offset / BlockLength);
            long start = (long)block * BlockLength;
            int length = (int)Math.Min(BlockLength, Length - start);
            int skipped = (int)(offset - start);
            int count = Math.Min(length - skipped, destination.Length);
            if (count == length)
            {
                ReadBlock(block, start, destination[..length]);
            }
            else
            {
                ReadPart(block, start, length, skipped, destination[..count]);
            }

            destination = destination[count..];
            offset += count;
        }
    }

    private static byte[]? Digest(ReadOnlySpan<byte> block) => block.ContainsAnyExcept((byte)0) ? SHA256.HashData(block) : null;

    private void DigestRun(int first, ReadOnlySpan<byte> run)
    {
        for (int at = 0; at < run.Length; at += BlockLength)
        {
            _digests[first + (at / BlockLength)] = Digest(run[at..Math.Min(at + BlockLength, run.Length)]);
        }
    }

    private void ReadPart(int block, long start, int length, int skipped, Span<byte> destination)
    {
        KeptBlock kept = _kept[block % KeptBlocks];
        lock (kept)
        {
            if (kept.Block != block)
            {
                kept.Block = -1; // if this one fails
                kept.Content = kept.Content.Length > 0 ? kept.Content : GC.AllocateUninitializedArray<byte>(BlockLength);
                ReadBlock(block, start, kept.Content.AsSpan(0, length));
                kept.Block = block;
            }

            kept.Content.AsSpan(skipped, destination.Length).CopyTo(destination);
        }
    }

    private void ReadBlock(int block, long start, Span<byte> destination)
    {
        _image.ReadExactly(start, destination);
        if (!Digest(destination).AsSpan().SequenceEqual(_digests[block]))
        {
            throw new UserErrorException($"{ReleaseFiles.Image} was changed after it was verified, at byte {start:N0} or behind", "let nobody else write into the release directory, and begin again", ExitCode.Mismatch);
        }
    }

    private sealed class KeptBlock
    {
        public int Block { get; set; } = -1;

        public byte[] Content { get; set; } = [];
    }
}
