using Mantle.Formats.Bytes;
using Mantle.Formats.Cpio;

namespace Mantle.Measure.Comparison;

/// <summary>Compares two initrds: the tree that each unpacks to, then the order of the members.</summary>
internal static class CpioComparer
{
    public static void Compare(DifferenceList list, string place, ByteSource a, ByteSource b, int depth)
    {
        int before = list.Count;
        TreeComparer.Compare(list, place, CpioReader.ReadTree(a), CpioReader.ReadTree(b), depth);
        if (list.Count > before)
        {
            return;
        }

        using IEnumerator<CpioEntry> ofA = CpioReader.Entries(a).GetEnumerator();
        using IEnumerator<CpioEntry> ofB = CpioReader.Entries(b).GetEnumerator();
        for (int number = 1; ; number++)
        {
            bool moreA = ofA.MoveNext();
            bool moreB = ofB.MoveNext();
            if (!moreA && !moreB)
            {
                return; // the members agree: padding, which the caller shows as bytes
            }

            string? nameA = moreA ? ofA.Current.Name : null;
            string? nameB = moreB ? ofB.Current.Name : null;
            if (nameA != nameB)
            {
                list.Field(place, $"member {number}", nameA, nameB, LikelyCause.Order, evidence: "the same files in another order");
                return;
            }

            string here = Place.File(place, "/" + nameA);
            list.Field(here, "inode", $"{ofA.Current.Inode}", $"{ofB.Current.Inode}", LikelyCause.Order);
            list.Field(
                here, "device that held it", $"{ofA.Current.DeviceMajor}:{ofA.Current.DeviceMinor}", $"{ofB.Current.DeviceMajor}:{ofB.Current.DeviceMinor}",
                LikelyCause.OtherTool);
            list.Field(here, "links", $"{ofA.Current.LinkCount}", $"{ofB.Current.LinkCount}", LikelyCause.OtherTool);
        }
    }
}
