using Mantle.Formats.Bytes;

namespace Mantle.Formats.Verity;

/// <summary>Compares data, hash tree and root hash, as the kernel does when it reads a block.</summary>
public static class VerityVerifier
{
    /// <summary>Verifies every hash block and every data block.</summary>
    /// <param name="data">The data device; may be longer than what the superblock covers.</param>
    /// <param name="hashArea">The hash device, starting with the superblock; may be longer than the tree.</param>
    /// <param name="rootHash">The trusted root hash, 32 bytes.</param>
    /// <param name="workers">Number of threads, at least 1. The result does not depend on it.</param>
    /// <exception cref="MalformedInputException">The superblock is not one, or the tree or the data are shorter than it says.</exception>
    public static VerityVerification Verify(ByteSource data, ByteSource hashArea, ReadOnlySpan<byte> rootHash, int workers = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(rootHash.Length, VeritySuperblock.DigestLength, nameof(rootHash));
        VeritySuperblock superblock = VeritySuperblock.Read(hashArea);
        if (superblock.DataBlocks > data.Length / VeritySuperblock.BlockSize)
        {
            throw new MalformedInputException(
                VeritySuperblock.Format, 0, $"superblock covers {superblock.DataBlocks} blocks but the data has {data.Length} bytes");
        }

        VerityGeometry geometry = new(superblock.DataBlocks);
        if (geometry.HashAreaLength > hashArea.Length)
        {
            throw new MalformedInputException(
                VeritySuperblock.Format, hashArea.Length, $"tree needs {geometry.HashAreaLength} bytes but the hash area has {hashArea.Length}");
        }

        List<VerityCorruption> corruptions = [];
        ByteSource above = ByteSource.FromMemory(rootHash.ToArray());
        for (int level = geometry.LevelBlocks.Length - 1; level >= 0; level--)
        {
            long blocks = geometry.LevelBlocks[level];
            ByteSource hashes = hashArea.Slice(geometry.LevelOffsets[level], blocks * VeritySuperblock.BlockSize);
            Compare(hashes, blocks, above, level);
            above = hashes;
        }

        Compare(data, superblock.DataBlocks, above, level: null);
        return new VerityVerification(superblock, corruptions);

        void Compare(ByteSource source, long blocks, ByteSource digests, int? level)
        {
            if (FirstDifference(source, blocks, superblock.Salt, digests, workers) is { } block)
            {
                corruptions.Add(new VerityCorruption(level, block));
            }
        }
    }

    private static long? FirstDifference(ByteSource source, long blocks, ReadOnlyMemory<byte> salt, ByteSource digests, int workers)
    {
        Lock gate = new();
        long first = long.MaxValue;
        VerityTree.ForEachRun(source, blocks, workers, (firstOfRun, bytes) =>
        {
            int length = bytes.Length / VeritySuperblock.BlockSize * VeritySuperblock.DigestLength;
            byte[] actual = new byte[length];
            byte[] expected = new byte[length];
            VerityHash.HashBlocks(salt.Span, bytes, actual);
            digests.ReadExactly(firstOfRun * VeritySuperblock.DigestLength, expected);
            int same = actual.AsSpan().CommonPrefixLength(expected);
            if (same < length)
            {
                lock (gate)
                {
                    first = Math.Min(first, firstOfRun + (same / VeritySuperblock.DigestLength));
                }
            }
        });
        return first == long.MaxValue ? null : first;
    }
}
