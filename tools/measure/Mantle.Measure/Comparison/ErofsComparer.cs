using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs;

namespace Mantle.Measure.Comparison;

/// <summary>Compares two EROFS images: the superblock, then the tree.</summary>
internal static class ErofsComparer
{
    public static void Compare(DifferenceList list, string place, ByteSource a, ByteSource b, int depth)
    {
        ErofsReader readerA = ErofsReader.Open(a);
        ErofsReader readerB = ErofsReader.Open(b);
        ErofsSuperblock ofA = readerA.Superblock;
        ErofsSuperblock ofB = readerB.Superblock;
        string superblock = Place.Join(place, "erofs superblock");
        int before = list.Count;
        list.Field(superblock, "build time", Time(ofA), Time(ofB), LikelyCause.TimeStamp);
        list.Field(superblock, "volume name", ofA.VolumeName, ofB.VolumeName, LikelyCause.Setting);
        list.Field(superblock, "block size", $"{ofA.BlockSize}", $"{ofB.BlockSize}", LikelyCause.OtherTool);
        list.Field(superblock, "features", Features(ofA), Features(ofB), LikelyCause.OtherTool);
        list.Field(superblock, "uuid", $"{ofA.VolumeId}", $"{ofB.VolumeId}", LikelyCause.Identifier, DifferenceRank.Identifier);
        list.Field(superblock, "inodes", $"{ofA.InodeCount}", $"{ofB.InodeCount}", LikelyCause.OtherTool, DifferenceRank.Computed);
        list.Field(superblock, "blocks", $"{ofA.BlockCount}", $"{ofB.BlockCount}", LikelyCause.OtherTool, DifferenceRank.Computed);
        TreeComparer.Compare(list, place, readerA.ReadTree(), readerB.ReadTree(), depth);
        if (list.Count == before && ByteDifference.Between(a, b) is { } bytes)
        {
            list.Add(new()
            {
                Place = place,
                Field = "layout",
                Kind = DifferenceKind.Changed,
                Bytes = bytes,
                Cause = LikelyCause.Order,
                Evidence = "the same files, laid out otherwise",
            });
        }
    }

    private static string Time(ErofsSuperblock superblock) => superblock.BuildTimeNanoseconds == 0
        ? TreeComparer.Time(superblock.BuildTimeSeconds)
        : $"{TreeComparer.Time(superblock.BuildTimeSeconds)} and {superblock.BuildTimeNanoseconds} ns";

    private static string Features(ErofsSuperblock superblock) =>
        $"{superblock.CompatibleFeatures}; {superblock.IncompatibleFeatures}; {superblock.ExtensionSlots} extension slots";
}
