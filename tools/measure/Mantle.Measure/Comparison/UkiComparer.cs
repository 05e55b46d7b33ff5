using Mantle.Formats.Bytes;
using Mantle.Formats.Kernel;
using Mantle.Formats.Pe;
using Mantle.Formats.Pe.Uki;

namespace Mantle.Measure.Comparison;

/// <summary>Compares two unified kernel images: headers, the stub's sections, and what is in each payload section.</summary>
internal static class UkiComparer
{
    private const int LongestText = 1 << 16;

    /// <summary>Command-line words that are computed from a file system.</summary>
    private static readonly string[] s_hashWords = ["roothash=", "usrhash="];

    public static void Compare(DifferenceList list, string place, ByteSource a, ByteSource b, int depth)
    {
        PeImage ofA = PeImage.Read(a);
        PeImage ofB = PeImage.Read(b);
        int before = list.Count;
        string headers = Place.Join(place, "headers");
        list.Field(headers, "time stamp", $"0x{ofA.TimeDateStamp:x8}", $"0x{ofB.TimeDateStamp:x8}", LikelyCause.TimeStamp);
        list.Field(headers, "stub", StubVersion(a), StubVersion(b), LikelyCause.OtherPackage);
        list.Field(headers, "characteristics", Characteristics(ofA), Characteristics(ofB), LikelyCause.OtherTool);
        list.Field(headers, "size in memory", $"{ofA.SizeOfImage}", $"{ofB.SizeOfImage}", LikelyCause.OtherContent, DifferenceRank.Computed);
        list.Field(headers, "checksum", $"0x{ofA.CheckSum:x8}", $"0x{ofB.CheckSum:x8}", LikelyCause.OtherTool, DifferenceRank.Computed);
        list.Field(headers, "signatures", Certificates(ofA), Certificates(ofB), LikelyCause.Signature);
        CompareSections(list, place, ofA, ofB, depth);
        if (list.Count == before)
        {
            list.Content(place, a, b);
        }
    }

    private static void CompareSections(DifferenceList list, string place, PeImage a, PeImage b, int depth)
    {
        string[] namesA = [.. a.Sections.Select(section => section.Name)];
        string[] namesB = [.. b.Sections.Select(section => section.Name)];
        foreach (string name in namesA.Union(namesB, StringComparer.Ordinal))
        {
            ByteSource? ofA = Find(a, name);
            ByteSource? ofB = Find(b, name);
            string here = Place.Join(place, $"section {PrintedText.Escape(name)}");
            if (ofA is null || ofB is null)
            {
                list.Field(
                    here, "section", ofA is null ? null : DifferenceList.Facts(ofA), ofB is null ? null : DifferenceList.Facts(ofB), LikelyCause.FileSet);
            }
            else if (ByteDifference.FirstDifference(ofA, ofB, 0) >= 0)
            {
                CompareSection(list, here, name, ofA, ofB, depth);
            }
        }

        if (namesA.Order(StringComparer.Ordinal).SequenceEqual(namesB.Order(StringComparer.Ordinal), StringComparer.Ordinal))
        {
            list.Field(place, "order of sections", string.Join(' ', namesA), string.Join(' ', namesB), LikelyCause.Order);
        }
    }

    private static void CompareSection(DifferenceList list, string place, string name, ByteSource a, ByteSource b, int depth)
    {
        int before = list.Count;
        switch (name)
        {
            case UkiSectionName.CommandLine when TryText(a, b, out string? textA, out string? textB):
                CompareItems(list, place, "word", Words(textA), Words(textB));
                break;
            case UkiSectionName.OsRelease when TryText(a, b, out string? textA, out string? textB):
                CompareItems(list, place, "line", textA.Split('\n'), textB.Split('\n'));
                break;
            case UkiSectionName.KernelVersion when TryText(a, b, out string? textA, out string? textB):
                list.Field(place, "release", textA, textB, LikelyCause.OtherPackage);
                break;
            case UkiSectionName.Linux:
                list.Field(place, "release", LinuxSetupHeader.Find(a)?.Release ?? "unknown", LinuxSetupHeader.Find(b)?.Release ?? "unknown", LikelyCause.OtherPackage);
                break;
        }

        // An initrd is found by its first bytes, and so is a kernel that happens to be a UKI itself.
        if (list.Count == before)
        {
            ContentComparer.Compare(list, place, a, b, depth);
        }
    }

    /// <summary>Compares words or lines as a set, then in order.</summary>
    private static void CompareItems(DifferenceList list, string place, string item, string[] a, string[] b)
    {
        List<string> onlyA = Without(a, b);
        List<string> onlyB = Without(b, a);
        if (onlyA.Count + onlyB.Count == 0)
        {
            if (!a.SequenceEqual(b, StringComparer.Ordinal))
            {
                list.Field(place, $"order of {item}s", string.Join(' ', a), string.Join(' ', b), LikelyCause.Order);
            }

            return;
        }

        foreach (string text in onlyA)
        {
            // The same key on both sides is one change, not two.
            string? other = onlyB.FirstOrDefault(candidate => Key(candidate) is { } key && key == Key(text));
            onlyB.Remove(other ?? "");
            list.Field(place, item, text, other, LikelyCause.Setting, RankOf(text, other));
        }

        foreach (string text in onlyB)
        {
            list.Field(place, item, null, text, LikelyCause.Setting);
        }
    }

    private static DifferenceRank RankOf(string a, string? b) =>
        Array.Exists(s_hashWords, word => a.StartsWith(word, StringComparison.Ordinal) && b?.StartsWith(word, StringComparison.Ordinal) == true)
            ? DifferenceRank.Computed
            : DifferenceRank.Own;

    private static string? Key(string text) => text.IndexOf('=', StringComparison.Ordinal) is > 0 and int end ? text[..end] : null;

    private static List<string> Without(string[] from, string[] what)
    {
        List<string> left = [.. from];
        foreach (string item in what)
        {
            left.Remove(item);
        }

        return left;
    }

    private static string[] Words(string text) => text.TrimEnd('\0').Split([' ', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries);

    private static bool TryText(
        ByteSource a, ByteSource b,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? textA, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? textB)
    {
        bool small = a.Length <= LongestText && b.Length <= LongestText;
        textA = small ? LinuxText.Decode(a.ToArray()) : null;
        textB = small ? LinuxText.Decode(b.ToArray()) : null;
        return small;
    }

    private static ByteSource? Find(PeImage image, string name)
    {
        foreach (PeSection section in image.Sections)
        {
            if (section.Name == name)
            {
                // As in the file: memory beyond it is zeros that nobody wrote.
                ByteSource content = image.Source.Slice(section.SizeOfRawData == 0 ? 0 : section.PointerToRawData, section.SizeOfRawData);
                return content.Slice(0, Math.Min(content.Length, section.VirtualSize));
            }
        }

        return null;
    }

    private static string StubVersion(ByteSource uki)
    {
        try
        {
            return UkiReader.Read(uki).StubVersion;
        }
        catch (MalformedInputException)
        {
            return "unknown";
        }
    }

    private static string Characteristics(PeImage image) => $"0x{image.Characteristics:x4}, 0x{image.DllCharacteristics:x4}, machine 0x{image.Machine:x4}";

    private static string Certificates(PeImage image) => image.Certificates.Count == 0
        ? "none"
        : string.Join("; ", image.Certificates.Select(certificate => DifferenceList.Facts(certificate.Content)));
}
