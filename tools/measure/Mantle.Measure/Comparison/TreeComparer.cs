using System.Globalization;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Measure.Comparison;

/// <summary>Compares two file trees: files added and removed, and every attribute and the content of those in both.</summary>
internal static class TreeComparer
{
    public static void Compare(DifferenceList list, string place, FileTree a, FileTree b, int depth)
    {
        CompareNodes(list, Place.Join(place, "/"), a.Root, b.Root, depth);
        using IEnumerator<(string Path, FileNode Node)> ofA = Sorted(a);
        using IEnumerator<(string Path, FileNode Node)> ofB = Sorted(b);
        bool moreA = ofA.MoveNext();
        bool moreB = ofB.MoveNext();
        while (moreA || moreB)
        {
            int order = !moreA ? 1 : !moreB ? -1 : ComparePaths(ofA.Current.Path, ofB.Current.Path);
            if (order < 0)
            {
                list.Field(Place.File(place, "/" + ofA.Current.Path), "file", Describe(ofA.Current.Node), null, LikelyCause.FileSet);
            }
            else if (order > 0)
            {
                list.Field(Place.File(place, "/" + ofB.Current.Path), "file", null, Describe(ofB.Current.Node), LikelyCause.FileSet);
            }
            else
            {
                CompareNodes(list, Place.File(place, "/" + ofA.Current.Path), ofA.Current.Node, ofB.Current.Node, depth);
            }

            moreA = order <= 0 ? ofA.MoveNext() : moreA;
            moreB = order >= 0 ? ofB.MoveNext() : moreB;
        }
    }

    /// <summary>A time as text; one that no calendar has, as its number.</summary>
    public static string Time(long seconds) => seconds is >= -62135596800 and <= 253402300799
        ? PrintedText.Time(seconds)
        : string.Create(CultureInfo.InvariantCulture, $"{seconds} s");

    private static void CompareNodes(DifferenceList list, string place, FileNode a, FileNode b, int depth)
    {
        if (a.Kind != b.Kind)
        {
            list.Field(place, "kind", Describe(a), Describe(b), LikelyCause.FileSet);
            return;
        }

        list.Field(place, "mode", Mode(a), Mode(b), LikelyCause.Permissions);
        list.Field(place, "owner", $"{a.UserId}:{a.GroupId}", $"{b.UserId}:{b.GroupId}", LikelyCause.Owner);
        list.Field(place, "time", Time(a.ModifiedSeconds), Time(b.ModifiedSeconds), LikelyCause.TimeStamp);
        list.Field(place, "device", $"{a.DeviceMajor}:{a.DeviceMinor}", $"{b.DeviceMajor}:{b.DeviceMinor}", LikelyCause.OtherContent);
        list.Field(place, "target", a.LinkTarget, b.LinkTarget, LikelyCause.OtherContent);
        foreach (string name in a.ExtendedAttributes.Keys.Union(b.ExtendedAttributes.Keys, StringComparer.Ordinal).Order(LinuxText.ByteOrder))
        {
            list.Field(
                place, $"attribute {PrintedText.Escape(name)}", Value(a, name), Value(b, name), LikelyCause.OtherContent);
        }

        ContentComparer.Compare(list, place, a.Content, b.Content, depth);
    }

    private static string Describe(FileNode node)
    {
        string what = node.Kind switch
        {
            FileKind.Regular => DifferenceList.Facts(node.Content),
            FileKind.SymbolicLink => $"link to {node.LinkTarget}",
            FileKind.CharacterDevice => $"character device {node.DeviceMajor}:{node.DeviceMinor}",
            FileKind.BlockDevice => $"block device {node.DeviceMajor}:{node.DeviceMinor}",
            FileKind.Directory => "directory",
            FileKind.Fifo => "pipe",
            _ => "socket",
        };
        return $"{what}, mode {Mode(node)}, owner {node.UserId}:{node.GroupId}";
    }

    private static string Mode(FileNode node) => Convert.ToString(node.Permissions, 8).PadLeft(4, '0');

    private static string? Value(FileNode node, string name) =>
        node.ExtendedAttributes.TryGetValue(name, out byte[]? value) ? Convert.ToHexStringLower(value) : null;

    private static IEnumerator<(string Path, FileNode Node)> Sorted(FileTree tree) => tree.Walk().GetEnumerator();

    /// <summary>The order of <see cref="FileTree.Walk()"/>: component by component.</summary>
    private static int ComparePaths(string a, string b)
    {
        string[] partsA = a.Split('/');
        string[] partsB = b.Split('/');
        for (int i = 0; i < Math.Min(partsA.Length, partsB.Length); i++)
        {
            int order = LinuxText.Compare(partsA[i], partsB[i]);
            if (order != 0)
            {
                return order;
            }
        }

        return partsA.Length.CompareTo(partsB.Length);
    }
}
