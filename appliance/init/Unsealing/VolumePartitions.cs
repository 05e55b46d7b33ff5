using Mantle.Init.Configuration;
using Mantle.Init.Verity;

namespace Mantle.Init.Unsealing;

/// <summary>Where a volume lies.</summary>
/// <param name="Data">The partition with data and tree.</param>
/// <param name="Key">The partition with the sealed key; null for a volume that is not encrypted.</param>
/// <param name="DataBlocks">Blocks of 4096 bytes before the tree.</param>
internal sealed record VolumePartitions(Partition Data, Partition? Key, ulong DataBlocks)
{
    /// <summary>
    /// Finds a volume by the UUIDs that its root hash gives its partitions: the first half names the data, the second the key.
    /// </summary>
    /// <param name="volume">Which.</param>
    /// <param name="partitions">The partitions of all disks.</param>
    /// <param name="strays">UUIDs in tables without a partition to them: a disk that ends too early.</param>
    /// <exception cref="StageException">
    /// It isn't there, is there twice (two disks claim to be it; no rule says which to trust), or has a length that no volume has.
    /// </exception>
    internal static VolumePartitions Find(VolumeConfiguration volume, IReadOnlyList<Partition> partitions, IReadOnlyList<Guid> strays)
    {
        RootHash rootHash = RootHash.Parse(volume.RootHash);
        Partition data = Single(partitions, strays, rootHash.DataPartition);
        Partition? key = volume.Encrypted ? Single(partitions, strays, rootHash.HashPartition) : null;
        return new(data, key, VeritySuperblock.DataBlocksOf(data.Length) ?? throw new StageException(StageCode.VolumeMalformed));
    }

    private static Partition Single(IReadOnlyList<Partition> partitions, IReadOnlyList<Guid> strays, Guid unique)
    {
        Partition[] found = [.. partitions.Where(partition => partition.Unique == unique)];
        int astray = strays.Count(stray => stray == unique);
        return (found.Length, astray) switch
        {
            (1, 0) => found[0],
            (0, 0) => throw new StageException(StageCode.VolumeNotFound),
            (0, 1) => throw new StageException(StageCode.VolumeMalformed),
            _ => throw new StageException(StageCode.VolumeAmbiguous),
        };
    }
}
