using System.Security.Cryptography;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Verity;

/// <summary>
/// Builds a hash tree whose lowest level the caller writes out as it comes to be, so that memory stays flat: what is kept is 1/16384 of the data.
/// Runs may be added in any order and from several threads.
/// </summary>
public sealed class VerityStreamBuilder
{
    /// <summary>Data blocks that one block of the lowest level covers: every run but the last is a multiple of them.</summary>
    public const int RunBlocks = VerityGeometry.Fanout;

    private readonly long _dataBlocks;
    private readonly ReadOnlyMemory<byte> _salt;
    private readonly VerityGeometry _geometry;

    // Digests of the lowest level's blocks; of the one data block, when there is no level.
    private readonly byte[] _above;

    /// <summary>A builder for a device of <paramref name="dataBlocks"/> blocks of 4096 bytes.</summary>
    /// <param name="dataBlocks">At least 1, at most 2^33 (32 TiB).</param>
    /// <param name="salt">What precedes every hashed block, at most 256 bytes.</param>
    public VerityStreamBuilder(long dataBlocks, ReadOnlyMemory<byte> salt)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dataBlocks, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dataBlocks, 1L << 33);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(salt.Length, VeritySuperblock.MaximumSaltLength, nameof(salt));
        _dataBlocks = dataBlocks;
        _salt = salt.ToArray();
        _geometry = new VerityGeometry(dataBlocks);
        _above = new byte[_geometry.LevelBlocks is [_, long blocks, ..] ? blocks * VeritySuperblock.BlockSize : VeritySuperblock.DigestLength];
    }

    /// <summary>Bytes of the hash area: superblock and all levels.</summary>
    public long HashAreaLength => _geometry.HashAreaLength;

    /// <summary>Where in the hash area the lowest level starts. It is the last one and reaches to the end.</summary>
    public long LeafOffset => _geometry.LevelOffsets is [long offset, ..] ? offset : _geometry.HashAreaLength;

    /// <summary>Bytes of the hash area for so many data blocks.</summary>
    public static long HashAreaLengthOf(long dataBlocks) => new VerityGeometry(dataBlocks).HashAreaLength;

    /// <summary>Bytes of the lowest level for a run.</summary>
    /// <param name="blocks">Blocks of the run.</param>
    public long LeafLength(long blocks) => _geometry.LevelBlocks.Length == 0 ? 0 : (((blocks - 1) / RunBlocks) + 1) * VeritySuperblock.BlockSize;

    /// <summary>Hashes a run.</summary>
    /// <param name="firstBlock">Its first block, a multiple of <see cref="RunBlocks"/>.</param>
    /// <param name="data">Whole blocks.</param>
    /// <param name="leaves">Takes the run's blocks of the lowest level, <see cref="LeafLength"/> bytes; they belong at <see cref="LeafOffset"/> + 32 × <paramref name="firstBlock"/>.</param>
    public void AddRun(long firstBlock, ReadOnlySpan<byte> data, Span<byte> leaves)
    {
        int count = data.Length / VeritySuperblock.BlockSize;
        if (data.Length % VeritySuperblock.BlockSize != 0 || firstBlock % RunBlocks != 0 || firstBlock > _dataBlocks - count
            || (count % RunBlocks != 0 && firstBlock + count != _dataBlocks) || leaves.Length != LeafLength(count))
        {
            throw new ArgumentException($"{data.Length} bytes at block {firstBlock} of {_dataBlocks} are no run", nameof(data));
        }

        if (leaves.IsEmpty)
        {
            VerityHash.HashBlocks(_salt.Span, data, _above);
            return;
        }

        leaves.Clear();
        VerityHash.HashBlocks(_salt.Span, data, leaves);
        AddLeaves(firstBlock, leaves);
    }

    /// <summary>Takes blocks of the lowest level that were written out before, in place of the run that they came from.</summary>
    /// <param name="firstBlock">The run's first data block.</param>
    /// <param name="leaves">Whole blocks of the lowest level.</param>
    public void AddLeaves(long firstBlock, ReadOnlySpan<byte> leaves) =>
        VerityHash.HashBlocks(_salt.Span, leaves, _above.AsSpan((int)(firstBlock / RunBlocks) * VeritySuperblock.DigestLength, leaves.Length / RunBlocks));

    /// <summary>Hashes the levels above. Call it once, when every run has been added.</summary>
    /// <param name="uuid">Identifier for the superblock.</param>
    /// <returns>The root hash and the hash area up to <see cref="LeafOffset"/>.</returns>
    public (ReadOnlyMemory<byte> RootHash, ByteSource Head) Finish(Guid uuid)
    {
        byte[] header = new byte[VeritySuperblock.Length];
        new VeritySuperblock(uuid, _dataBlocks, _salt).WriteTo(header);
        List<ByteSource.Extent> extents = [new(0, ByteSource.FromMemory(header))];
        byte[] below = _above;
        for (int level = 1; level < _geometry.LevelBlocks.Length; level++)
        {
            extents.Add(new(_geometry.LevelOffsets[level], ByteSource.FromMemory(below)));
            bool isTop = level == _geometry.LevelBlocks.Length - 1;
            byte[] digests = new byte[isTop ? VeritySuperblock.DigestLength : _geometry.LevelBlocks[level + 1] * VeritySuperblock.BlockSize];
            VerityHash.HashBlocks(_salt.Span, below, digests.AsSpan(0, below.Length / RunBlocks));
            below = digests;
        }

        return (below, ByteSource.Compose(LeafOffset, extents));
    }

    /// <summary>What a tree comes to: the digest of its top block. It says nothing about what is below.</summary>
    /// <param name="data">The data, for a device of one block.</param>
    /// <param name="hashArea">The hash area.</param>
    /// <exception cref="MalformedInputException">The superblock is none, or the areas are too short for it.</exception>
    public static byte[] RootHashOf(ByteSource data, ByteSource hashArea)
    {
        VeritySuperblock superblock = VeritySuperblock.Read(hashArea);
        byte[] top = superblock.DataBlocks == 1
            ? data.ReadBytes(0, VeritySuperblock.BlockSize, VeritySuperblock.Format)
            : hashArea.ReadBytes(VeritySuperblock.BlockSize, VeritySuperblock.BlockSize, VeritySuperblock.Format);
        return SHA256.HashData((byte[])[.. superblock.Salt.Span, .. top]);
    }
}
