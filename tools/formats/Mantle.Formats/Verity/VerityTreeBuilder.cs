using Mantle.Formats.Bytes;

namespace Mantle.Formats.Verity;

/// <summary>
/// Builds a hash tree from data blocks as they pass by, in any order and from several threads, so that whoever writes an image
/// hashes it in the same pass.
/// </summary>
public sealed class VerityTreeBuilder
{
    private readonly long _dataBlocks;
    private readonly ReadOnlyMemory<byte> _salt;
    private readonly VerityGeometry _geometry;
    private readonly byte[] _leaves;

    /// <summary>A builder for a device of <paramref name="dataBlocks"/> blocks of 4096 bytes.</summary>
    /// <param name="dataBlocks">Number of data blocks: at least 1, and at most what a level of 2 GiB of digests covers (256 GiB of data).</param>
    /// <param name="salt">What precedes every hashed block, at most 256 bytes.</param>
    public VerityTreeBuilder(long dataBlocks, ReadOnlyMemory<byte> salt)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dataBlocks, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dataBlocks, (Array.MaxLength / VeritySuperblock.BlockSize) * VerityGeometry.Fanout);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(salt.Length, VeritySuperblock.MaximumSaltLength, nameof(salt));
        _dataBlocks = dataBlocks;
        _salt = salt.ToArray();
        _geometry = new VerityGeometry(dataBlocks);
        _leaves = new byte[_geometry.LevelBlocks is [long leafBlocks, ..] ? leafBlocks * VeritySuperblock.BlockSize : VeritySuperblock.DigestLength];
    }

    /// <summary>
    /// Hashes blocks. May be called from several threads at once for disjoint ranges; large ranges (from 64 KiB on) are fastest.
    /// </summary>
    /// <param name="firstBlock">Number of the first block.</param>
    /// <param name="data">Whole blocks of 4096 bytes.</param>
    public void AddBlocks(long firstBlock, ReadOnlySpan<byte> data)
    {
        if (data.Length % VeritySuperblock.BlockSize != 0)
        {
            throw new ArgumentException($"{data.Length} bytes are not a whole number of blocks", nameof(data));
        }

        int count = data.Length / VeritySuperblock.BlockSize;
        ArgumentOutOfRangeException.ThrowIfNegative(firstBlock);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstBlock, _dataBlocks - count);
        VerityHash.HashBlocks(
            _salt.Span,
            data,
            _leaves.AsSpan((int)firstBlock * VeritySuperblock.DigestLength, count * VeritySuperblock.DigestLength));
    }

    /// <summary>Hashes the levels above and returns the tree. Call it once, when every block has been added.</summary>
    /// <exception cref="InvalidOperationException">A block was not added.</exception>
    public VerityTree Finish(Guid uuid)
    {
        RequireComplete();
        byte[][] levels = new byte[_geometry.LevelBlocks.Length][];
        byte[] below = _leaves;
        for (int level = 0; level < levels.Length; level++)
        {
            levels[level] = below;
            int blocks = below.Length / VeritySuperblock.BlockSize;
            bool isTop = level == levels.Length - 1;
            below = new byte[isTop ? VeritySuperblock.DigestLength : _geometry.LevelBlocks[level + 1] * VeritySuperblock.BlockSize];
            VerityHash.HashBlocks(_salt.Span, levels[level], below.AsSpan(0, blocks * VeritySuperblock.DigestLength));
        }

        VeritySuperblock superblock = new(uuid, _dataBlocks, _salt);
        byte[] header = new byte[VeritySuperblock.Length];
        superblock.WriteTo(header);
        IEnumerable<ByteSource.Extent> extents = levels
            .Select((bytes, level) => new ByteSource.Extent(_geometry.LevelOffsets[level], ByteSource.FromMemory(bytes)))
            .Prepend(new ByteSource.Extent(0, ByteSource.FromMemory(header)));
        return new VerityTree(superblock, below, ByteSource.Compose(_geometry.HashAreaLength, extents));
    }

    // A digest of 32 zeros is as unlikely as any other given value, so an empty slot is a block that was forgotten.
    private void RequireComplete()
    {
        ReadOnlySpan<byte> leaves = _leaves.AsSpan(0, (int)_dataBlocks * VeritySuperblock.DigestLength);
        for (int offset = 0; offset < leaves.Length; offset += VeritySuperblock.DigestLength)
        {
            if (!leaves.Slice(offset, VeritySuperblock.DigestLength).ContainsAnyExcept((byte)0))
            {
                throw new InvalidOperationException($"data block {offset / VeritySuperblock.DigestLength} was not added");
            }
        }
    }
}
