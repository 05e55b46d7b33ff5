using System.Globalization;
using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Pe.Uki;

/// <summary>
/// Reads a unified kernel image as systemd-stub does when it boots: base sections, and the sections of each profile.
/// </summary>
public static class UkiReader
{
    private const string Format = "uki";
    private const int LongestMagic = 512;
    private const string MagicPrefix = "#### LoaderInfo: systemd-stub ";
    private const string MagicSuffix = " ####";

    /// <summary>
    /// Zeros that a section may have beyond its bytes in the file. Only the first 257 releases of ukify made any (a kernel's SizeOfImage);
    /// the limit keeps a small file from asking for gigabytes of hashing.
    /// </summary>
    private const uint MostZeroFill = 256 << 20;

    /// <summary>Reads the image and its stub's version; payload contents stay where they are.</summary>
    /// <exception cref="MalformedInputException">It is no PE image, no UKI, or one with parts that are not understood.</exception>
    public static UkiImage Read(ByteSource source)
    {
        PeImage image = PeImage.Read(source);
        List<List<UkiSection>> groups = [[]];
        foreach (PeSection section in image.Sections)
        {
            bool isPayload = section.Name == UkiSectionName.Profile || UkiSectionName.ChosenByHardware.Contains(section.Name) || UkiSectionName.Payload.Contains(section.Name);
            if (section.VirtualSize == 0 || !isPayload)
            {
                continue;
            }

            if (section.VirtualSize > section.SizeOfRawData && section.VirtualSize - section.SizeOfRawData > MostZeroFill)
            {
                throw Malformed(image, $"section \"{section.Name}\" has 0x{section.VirtualSize:x} bytes in memory but 0x{section.SizeOfRawData:x} in the file");
            }

            if (section.Name == UkiSectionName.Profile)
            {
                groups.Add([]);
            }
            else if (groups[^1].Exists(known => known.Name == section.Name) && !UkiSectionName.ChosenByHardware.Contains(section.Name))
            {
                throw Malformed(image, $"section \"{section.Name}\" is there twice");
            }

            groups[^1].Add(new(section.Name, image.ContentOf(section)));
        }

        UkiImage uki = new(image, "", 0, []) { BaseSections = groups[0], ProfileSections = groups[1..] };
        uki = uki with { Sections = uki.SectionsOf(0) };
        if (!uki.TryGetSection(UkiSectionName.Linux, out _))
        {
            throw Malformed(image, "no section \".linux\": not a unified kernel image");
        }

        (string version, int major) = ReadStubVersion(uki);
        return uki with { StubVersion = version, StubMajor = major };
    }

    private static (string Version, int Major) ReadStubVersion(UkiImage uki)
    {
        PeImage image = uki.Image;
        PeSection magic = image.Sections.FirstOrDefault(section => section.Name == UkiSectionName.StubMagic);
        if (magic.VirtualSize == 0 && IsAmazonLinux2023(uki))
        {
            return ("252 (of Amazon Linux 2023, which does not say so)", 252);
        }

        if (magic.VirtualSize is 0 or > LongestMagic)
        {
            throw Malformed(image, "no usable section \".sdmagic\": the stub's version is unknown");
        }

        string text = Encoding.Latin1.GetString(image.ContentOf(magic).ToArray()).TrimEnd('\0');
        if (!text.StartsWith(MagicPrefix, StringComparison.Ordinal) || !text.EndsWith(MagicSuffix, StringComparison.Ordinal)
            || text.Length <= MagicPrefix.Length + MagicSuffix.Length)
        {
            throw Malformed(image, "section \".sdmagic\" does not name a version of systemd-stub");
        }

        string version = text[MagicPrefix.Length..^MagicSuffix.Length];
        int digits = version.AsSpan().IndexOfAnyExceptInRange('0', '9');
        ReadOnlySpan<char> number = digits < 0 ? version : version.AsSpan(0, digits);
        return !version.AsSpan().ContainsAnyExceptInRange('!', '~') && int.TryParse(number, NumberStyles.None, null, out int major)
            ? (version, major)
            : throw Malformed(image, "the version in section \".sdmagic\" does not start with a number");
    }

    /// <summary>The one distribution whose stubs lack the version and whose version is known all the same (aws/NitroTPM-Tools makes the same exception).</summary>
    private static bool IsAmazonLinux2023(UkiImage uki)
    {
        const int LongestText = 64 * 1024;
        if (!uki.TryGetSection(UkiSectionName.OsRelease, out ByteSource? text) || text.Length > LongestText)
        {
            return false;
        }

        string[] lines = Encoding.Latin1.GetString(text.ToArray()).Split('\n');
        return HasValue(lines, "NAME", "Amazon Linux") && HasValue(lines, "VERSION", "2023");
    }

    private static bool HasValue(string[] lines, string name, string value) =>
        lines.Contains($"{name}=\"{value}\"") || lines.Contains($"{name}={value}") || lines.Contains($"{name}='{value}'");

    private static MalformedInputException Malformed(PeImage image, string problem) => new(Format, image.SectionTableOffset, problem);
}
