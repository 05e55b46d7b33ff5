using Mantle.Formats.Bytes;
using Mantle.Formats.Fat;

namespace Mantle.Measure.Comparison;

/// <summary>Compares two FAT volumes: the header, then every directory entry and content.</summary>
internal static class FatComparer
{
    public static void Compare(DifferenceList list, string place, ByteSource a, ByteSource b, int depth)
    {
        FatVolume ofA = FatReader.Read(a);
        FatVolume ofB = FatReader.Read(b);
        string volume = Place.Join(place, "fat volume");
        int before = list.Count;
        list.Field(volume, "kind", $"{ofA.Kind}", $"{ofB.Kind}", LikelyCause.OtherTool);
        list.Field(volume, "volume id", $"{ofA.VolumeId:x8}", $"{ofB.VolumeId:x8}", LikelyCause.Identifier, DifferenceRank.Identifier);
        list.Field(volume, "label", ofA.Label, ofB.Label, LikelyCause.Setting);
        list.Field(volume, "size", $"{ofA.Length}", $"{ofB.Length}", LikelyCause.Setting);
        list.Field(volume, "clusters", Clusters(ofA), Clusters(ofB), LikelyCause.OtherTool);
        list.Field(volume, "free clusters", $"{ofA.FreeClusters}", $"{ofB.FreeClusters}", LikelyCause.OtherContent, DifferenceRank.Computed);
        list.Field(volume, "lost clusters", $"{ofA.LostClusters}", $"{ofB.LostClusters}", LikelyCause.OtherTool);
        CompareEntries(list, place, ofA, ofB, depth);
        if (list.Count == before)
        {
            list.Content(place, a, b);
        }
    }

    private static void CompareEntries(DifferenceList list, string place, FatVolume a, FatVolume b, int depth)
    {
        Dictionary<string, FatEntry> ofA = Index(a);
        Dictionary<string, FatEntry> ofB = Index(b);
        int before = list.Count;
        foreach (string path in ofA.Keys.Union(ofB.Keys, StringComparer.Ordinal).Order(LinuxText.ByteOrder))
        {
            string here = Place.File(place, "/" + path);
            if (!ofA.TryGetValue(path, out FatEntry? entryA) || !ofB.TryGetValue(path, out FatEntry? entryB))
            {
                list.Field(here, "file", Describe(ofA.GetValueOrDefault(path)), Describe(ofB.GetValueOrDefault(path)), LikelyCause.FileSet);
                continue;
            }

            list.Field(here, "attributes", $"0x{entryA.Attributes:x2}", $"0x{entryB.Attributes:x2}", LikelyCause.OtherTool);
            list.Field(here, "short name", entryA.ShortName, entryB.ShortName, LikelyCause.OtherTool);
            list.Field(here, "time", TreeComparer.Time(entryA.ModifiedSeconds), TreeComparer.Time(entryB.ModifiedSeconds), LikelyCause.TimeStamp);
            list.Field(here, "creation time", TreeComparer.Time(entryA.CreatedSeconds), TreeComparer.Time(entryB.CreatedSeconds), LikelyCause.TimeStamp);
            if (!entryA.IsDirectory && !entryB.IsDirectory)
            {
                ContentComparer.Compare(list, here, entryA.Content, entryB.Content, depth);
            }
        }

        if (list.Count == before && !a.Entries.Select(entry => entry.Path).SequenceEqual(b.Entries.Select(entry => entry.Path), StringComparer.Ordinal))
        {
            list.Field(
                place, "order of files", string.Join(", ", a.Entries.Select(entry => entry.Path)), string.Join(", ", b.Entries.Select(entry => entry.Path)),
                LikelyCause.Order);
        }
    }

    private static Dictionary<string, FatEntry> Index(FatVolume volume)
    {
        Dictionary<string, FatEntry> entries = new(StringComparer.Ordinal);
        foreach (FatEntry entry in volume.Entries)
        {
            entries.TryAdd(entry.Path, entry);
        }

        return entries;
    }

    private static string Clusters(FatVolume volume) => $"{volume.ClusterCount} of {volume.ClusterSize} bytes";

    private static string? Describe(FatEntry? entry) => entry is null ? null : entry.IsDirectory ? "directory" : DifferenceList.Facts(entry.Content);
}
