using Mantle.Formats.Bytes;
using Mantle.Formats.Gpt;

namespace Mantle.Measure.Comparison;

/// <summary>Compares two disks: the partition table, each partition, and what is between them.</summary>
internal static class DiskComparer
{
    private const int SectorSize = 512;
    private static readonly GptReadOptions s_anyDisk = new() { Allow = GptDeviations.All };

    public static void Compare(DifferenceList list, string place, ByteSource a, ByteSource b, int depth)
    {
        GptTable tableA = GptReader.Read(a, s_anyDisk);
        GptTable tableB = GptReader.Read(b, s_anyDisk);
        int before = list.Count;
        string table = Place.Join(place, "partition table");
        list.Field(table, "disk id", $"{tableA.DiskId}", $"{tableB.DiskId}", LikelyCause.Identifier, DifferenceRank.Identifier);
        list.Field(table, "sectors", $"{tableA.SectorCount}", $"{tableB.SectorCount}", LikelyCause.OtherTool, DifferenceRank.Computed);
        list.Field(
            table, "usable sectors", $"{tableA.FirstUsableLba} to {tableA.LastUsableLba}", $"{tableB.FirstUsableLba} to {tableB.LastUsableLba}",
            LikelyCause.OtherTool, DifferenceRank.Computed);
        list.Field(
            table, "entries", $"{tableA.EntryCount} of {tableA.EntrySize} bytes", $"{tableB.EntryCount} of {tableB.EntrySize} bytes", LikelyCause.OtherTool);
        list.Field(table, "deviations", Deviations(tableA), Deviations(tableB), LikelyCause.OtherTool);
        ComparePartitions(list, place, tableA, tableB, depth);
        if (a.Length == b.Length && tableA.Partitions.Select(Extent).SequenceEqual(tableB.Partitions.Select(Extent)))
        {
            list.Content(Place.Join(place, "boot sector"), a.Slice(0, SectorSize), b.Slice(0, SectorSize));
            CompareGaps(list, place, a, b, tableA);
        }

        if (list.Count == before)
        {
            list.Content(place, a, b);
        }
    }

    private static void ComparePartitions(DifferenceList list, string place, GptTable a, GptTable b, int depth)
    {
        string? rootHashA = VerityComparer.RootHashOf(a);
        string? rootHashB = VerityComparer.RootHashOf(b);
        foreach (int number in a.Partitions.Concat(b.Partitions).Select(partition => partition.Number).Distinct().Order())
        {
            GptPartition? ofA = a.Partitions.FirstOrDefault(partition => partition.Number == number);
            GptPartition? ofB = b.Partitions.FirstOrDefault(partition => partition.Number == number);
            GptPartition either = ofA ?? ofB!;
            string here = Place.Join(place, $"partition {number} \"{PrintedText.Escape(either.Name)}\"");
            if (ofA is null || ofB is null)
            {
                list.Field(here, "partition", Describe(ofA), Describe(ofB), LikelyCause.FileSet);
                continue;
            }

            // Partition identifiers that are the root hash follow from the content; others are identifiers of their own.
            bool follows = IsFrom(ofA.Id, rootHashA) && IsFrom(ofB.Id, rootHashB);
            list.Field(here, "name", ofA.Name, ofB.Name, LikelyCause.OtherTool);
            list.Field(here, "type", $"{ofA.TypeId}", $"{ofB.TypeId}", LikelyCause.OtherTool);
            list.Field(here, "id", $"{ofA.Id}", $"{ofB.Id}", LikelyCause.Identifier, follows ? DifferenceRank.Computed : DifferenceRank.Identifier);
            list.Field(here, "attributes", $"0x{ofA.Attributes:x16}", $"0x{ofB.Attributes:x16}", LikelyCause.OtherTool);
            list.Field(here, "offset", $"{ofA.Offset}", $"{ofB.Offset}", LikelyCause.OtherTool, DifferenceRank.Computed);
            list.Field(here, "size", $"{ofA.Length}", $"{ofB.Length}", LikelyCause.OtherContent, DifferenceRank.Computed);
            ContentComparer.Compare(list, here, ofA.Content, ofB.Content, depth);
        }
    }

    /// <summary>Sectors that belong to no partition and hold no table.</summary>
    private static void CompareGaps(DifferenceList list, string place, ByteSource a, ByteSource b, GptTable table)
    {
        long at = table.FirstUsableLba * SectorSize;
        long end = Math.Min((table.LastUsableLba + 1) * SectorSize, a.Length);
        foreach (GptPartition partition in table.Partitions.OrderBy(partition => partition.FirstLba))
        {
            Gap(partition.Offset);
            at = Math.Max(at, partition.Offset + partition.Length);
        }

        Gap(end);

        void Gap(long until)
        {
            until = Math.Min(until, end);
            if (until > at)
            {
                list.Content(Place.Join(place, $"unused sectors from {at / SectorSize} on"), a.Slice(at, until - at), b.Slice(at, until - at));
            }
        }
    }

    private static (int, long, long) Extent(GptPartition partition) => (partition.Number, partition.FirstLba, partition.LastLba);

    private static bool IsFrom(Guid id, string? rootHash) =>
        rootHash is not null && Convert.FromHexString(rootHash) is byte[] hash
        && (id == DiscoverablePartitions.DataPartitionId(hash) || id == DiscoverablePartitions.VerityPartitionId(hash));

    private static string Deviations(GptTable table) => string.Join("; ", table.Deviations.Select(deviation => deviation.Problem));

    private static string? Describe(GptPartition? partition) => partition is null
        ? null
        : $"{DiscoverablePartitions.Names.GetValueOrDefault(partition.TypeId, $"{partition.TypeId}")}, {partition.Length:N0} bytes";
}
