namespace Mantle.Formats.Erofs.Compression;

/// <summary>An entry of the index: what is known of one logical cluster.</summary>
internal readonly record struct ErofsCluster
{
    /// <summary>Set in the first field of a NONHEAD entry that has a number of blocks rather than a distance (D0_CBLKCNT).</summary>
    public const int BlockCountFlag = 1 << 11;

    /// <summary>The two bits that say what an entry is.</summary>
    public enum Kind
    {
        /// <summary>An extent that is not compressed starts here.</summary>
        Plain = 0,

        /// <summary>An extent of the first algorithm starts here.</summary>
        Head1 = 1,

        /// <summary>The cluster belongs to the extent before it.</summary>
        Continued = 2,

        /// <summary>An extent of the second algorithm starts here.</summary>
        Head2 = 3,
    }

    public required Kind Type { get; init; }

    /// <summary>Where in the cluster the extent starts, in bytes.</summary>
    public int Offset { get; init; }

    /// <summary>First block of the extent.</summary>
    public uint Block { get; init; }

    public bool IsPartial { get; init; }

    /// <summary>Blocks of the extent, said by its second cluster; null where it says none.</summary>
    public int? Blocks { get; init; }

    /// <summary>Distance back towards the first cluster of the extent; null where it is not said.</summary>
    public int? Back { get; init; }

    /// <summary>Distance to the next extent, or less; 0 where it is not said.</summary>
    public int Forward { get; init; }
}
