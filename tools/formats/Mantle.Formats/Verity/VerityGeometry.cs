namespace Mantle.Formats.Verity;

/// <summary>
/// Where the levels of a hash tree are. Level 0 holds the digests of the data blocks, level 1 those of the blocks of level 0, and so on up to
/// a level of one block, whose digest is the root hash. On disk the highest level comes first, behind the superblock's block
/// (Linux Documentation/admin-guide/device-mapper/verity.rst). A single data block needs no level: its own digest is the root hash.
/// </summary>
internal sealed class VerityGeometry
{
    /// <summary>Digests in a hash block.</summary>
    public const int Fanout = VeritySuperblock.BlockSize / VeritySuperblock.DigestLength;

    public VerityGeometry(long dataBlocks)
    {
        List<long> blocks = [];
        for (long below = dataBlocks; below > 1;)
        {
            below = ((below - 1) / Fanout) + 1;
            blocks.Add(below);
        }

        LevelBlocks = [.. blocks];
        LevelOffsets = new long[blocks.Count];
        long offset = VeritySuperblock.BlockSize;
        for (int level = LevelBlocks.Length - 1; level >= 0; level--)
        {
            LevelOffsets[level] = offset;
            offset += LevelBlocks[level] * VeritySuperblock.BlockSize;
        }

        HashAreaLength = offset;
    }

    /// <summary>Hash blocks of each level, level 0 first.</summary>
    public long[] LevelBlocks { get; }

    /// <summary>Byte offset of each level in the hash area, level 0 first.</summary>
    public long[] LevelOffsets { get; }

    /// <summary>Bytes of the hash area, superblock included.</summary>
    public long HashAreaLength { get; }
}
