using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs;
using Mantle.Formats.Pe;

namespace Mantle.Measure.Comparison;

/// <summary>
/// Compares two contents by the structure that both have, and down to the parts that differ. What no structure accounts for is compared as bytes, so
/// that contents that differ never come out without a difference.
/// </summary>
internal static class ContentComparer
{
    /// <summary>A UKI in a disk holds a kernel in a section; nothing that we know is nested deeper than this.</summary>
    private const int DeepestNesting = 8;

    /// <summary>Adds the differences of two contents below a place.</summary>
    public static void Compare(DifferenceList list, string place, ByteSource a, ByteSource b, int depth = 0)
    {
        if (ByteDifference.FirstDifference(a, b, 0) < 0)
        {
            return;
        }

        int before = list.Count;
        Action<DifferenceList, string, ByteSource, ByteSource, int>? structure = depth < DeepestNesting ? StructureOf(a, b) : null;
        try
        {
            structure?.Invoke(list, place, a, b, depth + 1);
        }
        catch (MalformedInputException e)
        {
            list.Note(place, e.Message);
        }

        if (list.Count == before)
        {
            list.Content(place, a, b);
        }
    }

    private static Action<DifferenceList, string, ByteSource, ByteSource, int>? StructureOf(ByteSource a, ByteSource b)
    {
        foreach ((Func<ByteSource, bool> isThis, Action<DifferenceList, string, ByteSource, ByteSource, int> compare) in s_structures)
        {
            if (isThis(a) && isThis(b))
            {
                return compare;
            }
        }

        return null;
    }

    // A disk before a FAT volume: both end their first sector alike.
    private static readonly (Func<ByteSource, bool> IsThis, Action<DifferenceList, string, ByteSource, ByteSource, int> Compare)[] s_structures =
    [
        (source => StartsWith(source, 512, "EFI PART"u8), DiskComparer.Compare),
        (source => StartsWith(source, 0, "MZ"u8) && IsUki(source), UkiComparer.Compare),
        (ErofsReader.IsErofs, ErofsComparer.Compare),
        (source => StartsWith(source, 0, "verity\0\0"u8), VerityComparer.Compare),
        (source => StartsWith(source, 510, [0x55, 0xAA]), FatComparer.Compare),
        (source => StartsWith(source, 0, "07070"u8), CpioComparer.Compare),
    ];

    private static bool IsUki(ByteSource source)
    {
        try
        {
            return PeImage.Read(source).Sections.Any(section => section.Name == Formats.Pe.Uki.UkiSectionName.Linux);
        }
        catch (MalformedInputException)
        {
            return false;
        }
    }

    private static bool StartsWith(ByteSource source, long offset, ReadOnlySpan<byte> magic)
    {
        Span<byte> found = stackalloc byte[magic.Length];
        if (source.Length - found.Length < offset)
        {
            return false;
        }

        source.ReadExactly(offset, found);
        return found.SequenceEqual(magic);
    }
}
