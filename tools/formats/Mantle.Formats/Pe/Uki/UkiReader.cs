using System.Globalization;
using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Pe.Uki;

/// <summary>
/// Reads a unified kernel image as systemd-stub does when it boots. What would make the stub choose at boot (profiles, hardware-dependent
/// sections) is refused rather than guessed.
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
        List<UkiSection> sections = [];
        foreach (PeSection section in image.Sections)
        {
            if (UkiSectionName.Refused.Contains(section.Name))
            {
                throw Malformed(image, $"section \"{section.Name}\" makes the stub choose at boot, which is not understood");
            }

            if (section.VirtualSize == 0 || !UkiSectionName.Payload.Contains(section.Name))
            {
                continue;
            }

            if (section.VirtualSize > section.SizeOfRawData && section.VirtualSize - section.SizeOfRawData > MostZeroFill)
            {
                throw Malformed(image, $"section \"{section.Name}\" has 0x{section.VirtualSize:x} bytes in memory but 0x{section.SizeOfRawData:x} in the file");
            }

            if (sections.Exists(known => known.Name == section.Name))
            {
                throw Malformed(image, $"section \"{section.Name}\" is there twice");
            }

            sections.Add(new(section.Name, image.ContentOf(section)));
        }

        if (!sections.Exists(section => section.Name == UkiSectionName.Linux))
        {
            throw Malformed(image, "no section \".linux\": not a unified kernel image");
        }

        (string version, int major) = ReadStubVersion(image);
        return new(image, version, major, sections);
    }

    private static (string Version, int Major) ReadStubVersion(PeImage image)
    {
        PeSection magic = image.Sections.FirstOrDefault(section => section.Name == UkiSectionName.StubMagic);
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

    private static MalformedInputException Malformed(PeImage image, string problem) => new(Format, image.SectionTableOffset, problem);
}
