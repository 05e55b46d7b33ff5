using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Init.Verity;

/// <summary>
/// The superblock that veritysetup writes into the first 512 bytes of a hash partition (cryptsetup, <c>lib/verity/verity.c</c>,
/// <c>struct verity_sb</c>; integers little-endian). Only the shape that the builder makes is accepted: version 1, hash
/// type 1 (salt before data), SHA-256, blocks of 4096 bytes.
/// </summary>
/// <remarks>
/// Nothing in it is trusted: it lies on the disk, unsigned. A wrong salt or block count makes the kernel compute another root
/// hash, so the worst that a forged one can do is a machine that doesn't start.
/// </remarks>
/// <param name="DataBlocks">Blocks of the data partition that the tree covers.</param>
/// <param name="Salt">0 to 64 bytes.</param>
internal sealed record VeritySuperblock(ulong DataBlocks, ReadOnlyMemory<byte> Salt)
{
    /// <summary>Length on disk, in bytes.</summary>
    internal const int Length = 512;

    /// <summary>Length of a data block and of a hash block, in bytes.</summary>
    internal const int BlockSize = 4096;

    private const int MaximumSaltLength = 64;
    private const int SaltField = 256;
    private const int HashesPerBlock = BlockSize / 32;
    private const string Format = "dm-verity";

    /// <summary>Blocks of the hash partition that are used: the superblock's own and all levels of the tree.</summary>
    internal ulong HashPartitionBlocks => HashBlocks(DataBlocks);

    /// <summary>The same for any number of data blocks.</summary>
    internal static ulong HashBlocks(ulong dataBlocks)
    {
        ulong blocks = 1;
        for (ulong level = dataBlocks; level > 1;)
        {
            level = (level + HashesPerBlock - 1) / HashesPerBlock;
            blocks += level;
        }

        return blocks;
    }

    /// <summary>
    /// Data blocks of a device that holds data, superblock and tree one behind the other and nothing else: its length alone says
    /// how many, for each more makes it longer.
    /// </summary>
    /// <returns>Null if no number of data blocks makes that length.</returns>
    internal static ulong? DataBlocksOf(long length)
    {
        if (length <= 0 || length % BlockSize != 0)
        {
            return null;
        }

        ulong blocks = (ulong)length / BlockSize;
        ulong least = 1;
        ulong most = blocks;
        while (least < most)
        {
            ulong middle = least + ((most - least) / 2);
            (least, most) = middle + HashBlocks(middle) < blocks ? (middle + 1, most) : (least, middle);
        }

        return least + HashBlocks(least) == blocks ? least : null;
    }

    /// <exception cref="MalformedInputException">It is not such a superblock.</exception>
    internal static VeritySuperblock Read(ReadOnlySpan<byte> bytes)
    {
        SpanReader reader = new(bytes, Format);
        Require(reader.ReadBytes(8).SequenceEqual("verity\0\0"u8), 0, "signature is missing");
        Require(reader.ReadUInt32LittleEndian() == 1, 8, "version is not 1");
        Require(reader.ReadUInt32LittleEndian() == 1, 12, "hash type is not 1");
        reader.Skip(16); // its own UUID names nothing here
        Require(reader.ReadBytes(32).TrimEnd((byte)0).SequenceEqual("sha256"u8), 32, "hash algorithm is not sha256");
        Require(reader.ReadUInt32LittleEndian() == BlockSize, 64, "data blocks are not of 4096 bytes");
        Require(reader.ReadUInt32LittleEndian() == BlockSize, 68, "hash blocks are not of 4096 bytes");
        ulong dataBlocks = reader.ReadUInt64LittleEndian();
        Require(dataBlocks is >= 1 and <= long.MaxValue / BlockSize, 72, "number of data blocks is impossible");
        int saltLength = reader.ReadUInt16LittleEndian();
        Require(saltLength <= MaximumSaltLength, 80, "salt is longer than 64 bytes");
        RequireZero(ref reader, 6);
        byte[] salt = reader.ReadBytes(saltLength).ToArray();
        RequireZero(ref reader, SaltField - saltLength);
        RequireZero(ref reader, 168);
        return new VeritySuperblock(dataBlocks, salt);
    }

    /// <summary>
    /// Parameters of the device mapper's <c>verity</c> target, for a hash tree behind the superblock. A wrong block, and an
    /// unreadable one, is a panic: a machine that can't trust its disk must not go on.
    /// </summary>
    /// <param name="dataDevice">The data partition as <c>major:minor</c>.</param>
    /// <param name="hashDevice">The hash partition as <c>major:minor</c>.</param>
    /// <param name="rootHash">What the tree must come to.</param>
    internal string TableParameters(string dataDevice, string hashDevice, RootHash rootHash)
    {
        StringBuilder text = new();
        text.Append("1 ").Append(dataDevice).Append(' ').Append(hashDevice).Append(" 4096 4096 ").Append(DataBlocks).Append(" 1 sha256 ");
        text.Append(rootHash.Hexadecimal).Append(' ').Append(Salt.IsEmpty ? "-" : Convert.ToHexStringLower(Salt.Span));
        return text.Append(" 2 panic_on_corruption panic_on_error").ToString();
    }

    /// <summary>
    /// The same for a volume, whose tree lies behind its data on the same device. A wrong block is a read error, not a panic: what
    /// the volume holds is no code, and a stage code tells more than a machine that starts again and again.
    /// </summary>
    /// <param name="device">The device as <c>major:minor</c>.</param>
    /// <param name="rootHash">What the tree must come to.</param>
    internal string VolumeTableParameters(string device, string rootHash)
    {
        string salt = Salt.IsEmpty ? "-" : Convert.ToHexStringLower(Salt.Span);
        return $"1 {device} {device} 4096 4096 {DataBlocks} {DataBlocks + 1} sha256 {rootHash} {salt}";
    }

    /// <summary>Checks that both partitions hold what the superblock speaks of.</summary>
    /// <param name="dataLength">Length of the data partition, in bytes.</param>
    /// <param name="hashLength">Length of the hash partition, in bytes.</param>
    internal void RequireFits(long dataLength, long hashLength)
    {
        Require(DataBlocks <= (ulong)dataLength / BlockSize, 72, "data partition is shorter than the tree says");
        Require(HashPartitionBlocks <= (ulong)hashLength / BlockSize, 72, "hash partition is shorter than its tree");
    }

    private static void RequireZero(ref SpanReader reader, int count)
    {
        long offset = reader.Offset;
        Require(reader.ReadBytes(count).IndexOfAnyExcept((byte)0) < 0, offset, "padding is not zero");
    }

    private static void Require(bool holds, long offset, string problem)
    {
        if (!holds)
        {
            throw new MalformedInputException(Format, offset, problem);
        }
    }
}
