using System.Buffers.Binary;
using System.Security.Cryptography;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.Release.Verification;

/// <summary>
/// An image of which every read gives the bytes whose digest was verified, or fails. The file stays open, but whoever may write to it still can; so while the
/// whole is digested each block gets a tag, and a block that is read later is held against its own. What is a hole is known from then as well: one that is
/// punched afterwards is no reason to leave a block out. Blocks of which parts are read are kept for a while, 8 MiB of them.
/// </summary>
internal sealed class ProvenImage : ByteSource
{
    private const int BlockLength = 1 << 16;
    private const int RunBlocks = 128;
    private const int KeptBlocks = 128;

    /// <summary>
    /// The tags are GMAC (SP 800-38D) under a key that is made here and lives as long as the process: whoever writes to the file knows neither key nor tags, so
    /// that the one nonce of a block serves for all its contents, and it takes a fifth of the time of another SHA-256.
    /// </summary>
    private static readonly byte[] s_key = RandomNumberGenerator.GetBytes(16);

    [ThreadStatic]
    private static AesGcm? s_mac;

    private readonly ByteSource _image;

    /// <summary>Of each block; null: it is zero.</summary>
    private readonly byte[]?[] _tags;

    private readonly KeptBlock[] _kept = [.. Enumerable.Range(0, KeptBlocks).Select(_ => new KeptBlock())];

    private ProvenImage(ByteSource image)
    {
        _image = image;
        _tags = new byte[]?[checked((int)((image.Length + BlockLength - 1) / BlockLength))];
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
            Parallel.Invoke(() => whole.AppendData(run, 0, length), () => proven.TagRun(first, run.AsSpan(0, length)));
        }

        proven.Sha256 = Convert.ToHexStringLower(whole.GetHashAndReset());
        return proven;
    }

    /// <inheritdoc/>
    public override long FindData(long offset)
    {
        int block = (int)(offset / BlockLength);
        while (block < _tags.Length && _tags[block] is null)
        {
            block++;
        }

        return block < _tags.Length ? Math.Max(offset, (long)block * BlockLength) : Length;
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

    private static byte[]? Tag(int block, ReadOnlySpan<byte> content)
    {
        if (!content.ContainsAnyExcept((byte)0))
        {
            return null;
        }

        s_mac ??= new(s_key, AesGcm.TagByteSizes.MaxSize);
        Span<byte> nonce = stackalloc byte[AesGcm.NonceByteSizes.MaxSize];
        nonce.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(nonce, block);
        byte[] tag = new byte[AesGcm.TagByteSizes.MaxSize];
        s_mac.Encrypt(nonce, [], [], tag, content);
        return tag;
    }

    private void TagRun(int first, ReadOnlySpan<byte> run)
    {
        for (int at = 0; at < run.Length; at += BlockLength)
        {
            int block = first + (at / BlockLength);
            _tags[block] = Tag(block, run[at..Math.Min(at + BlockLength, run.Length)]);
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
        if (!Tag(block, destination).AsSpan().SequenceEqual(_tags[block]))
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
