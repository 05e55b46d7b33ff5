namespace Mantle.Formats.Fat;

/// <summary>Where the parts of a volume are: boot sectors, tables, root directory (not on FAT32), clusters.</summary>
internal sealed record FatGeometry
{
    /// <summary>From this size on we make FAT32, which the UEFI specification wants of a system partition; below, it could not have enough clusters.</summary>
    private const long SmallestFat32 = 34L << 20;

    private const int LargestSectorsPerCluster = 8;

    // Cluster counts near a limit are read as the wrong kind by programs that are off by a few (Microsoft's text asks for 16 of distance).
    private const uint Distance = 16;

    // Data starts at a multiple of 4 KiB, so that whole contents can be shared or copied by block.
    private const int DataAlignmentSectors = 8;

    public required FatKind Kind { get; init; }

    public required int SectorSize { get; init; }

    public required int SectorsPerCluster { get; init; }

    public required int ReservedSectors { get; init; }

    public required int TableCount { get; init; }

    public required long TableSectors { get; init; }

    public required int RootEntries { get; init; }

    public required long TotalSectors { get; init; }

    public uint RootCluster { get; init; }

    public int ClusterSize => SectorSize * SectorsPerCluster;

    public long RootSectors => (((long)RootEntries * FatFormat.EntrySize) + SectorSize - 1) / SectorSize;

    public long RootOffset => (ReservedSectors + (TableCount * TableSectors)) * SectorSize;

    public long FirstDataSector => ReservedSectors + (TableCount * TableSectors) + RootSectors;

    public long ClusterCount => (TotalSectors - FirstDataSector) / SectorsPerCluster;

    /// <summary>One more than the highest cluster number.</summary>
    public uint EndCluster => (uint)ClusterCount + FatFormat.FirstCluster;

    public long TableOffset(int table) => (ReservedSectors + (table * TableSectors)) * SectorSize;

    public long ClusterOffset(uint cluster) => (FirstDataSector * SectorSize) + ((long)(cluster - FatFormat.FirstCluster) * ClusterSize);

    /// <summary>The geometry that we give to a volume of this size; null if there is none.</summary>
    public static FatGeometry? For(long sizeBytes)
    {
        bool large = sizeBytes >= SmallestFat32;
        (uint least, uint most) = large ? (FatFormat.Fat16Limit, FatFormat.Fat32Limit) : (FatFormat.Fat12Limit, FatFormat.Fat16Limit);
        for (int sectorsPerCluster = LargestSectorsPerCluster; sectorsPerCluster > 0; sectorsPerCluster /= 2)
        {
            FatGeometry geometry = For(large ? FatKind.Fat32 : FatKind.Fat16, sizeBytes / 512, sectorsPerCluster);
            if (geometry.ClusterCount >= least + Distance && geometry.ClusterCount < most - Distance && geometry.TotalSectors <= uint.MaxValue)
            {
                return geometry;
            }
        }

        return null;
    }

    private static FatGeometry For(FatKind kind, long totalSectors, int sectorsPerCluster)
    {
        const int SectorSize = 512;
        int rootEntries = kind == FatKind.Fat32 ? 0 : 512;
        int reserved = kind == FatKind.Fat32 ? 32 : 1;
        long shared = totalSectors - reserved - (rootEntries * FatFormat.EntrySize / SectorSize);

        // The smallest t with t * 512 >= width * (clusters + 2), where clusters = (shared - 2 t) / sectorsPerCluster.
        long width = (int)kind / 8;
        long divisor = (SectorSize * sectorsPerCluster) + (2 * width);
        long tableSectors = ((width * (shared + (2 * sectorsPerCluster))) + divisor - 1) / divisor;
        FatGeometry geometry = new()
        {
            Kind = kind,
            SectorSize = SectorSize,
            SectorsPerCluster = sectorsPerCluster,
            ReservedSectors = reserved,
            TableCount = 2,
            TableSectors = tableSectors,
            RootEntries = rootEntries,
            TotalSectors = totalSectors,
            RootCluster = kind == FatKind.Fat32 ? FatFormat.FirstCluster : 0,
        };
        int padding = (int)(-geometry.FirstDataSector & (DataAlignmentSectors - 1));
        return geometry with { ReservedSectors = reserved + padding };
    }
}
