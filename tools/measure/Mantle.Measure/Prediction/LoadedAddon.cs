using Mantle.Formats.Bytes;
using Mantle.Formats.Pe;
using Mantle.Formats.Pe.Uki;

namespace Mantle.Measure.Prediction;

/// <summary>
/// An addon: a PE image that the stub lets the firmware load, measured by that, and then takes sections from. Firmware may refuse it, and the stub may
/// find nothing in it to use.
/// </summary>
internal sealed record LoadedAddon
{
    private static readonly string[] s_used =
    [
        UkiSectionName.CommandLine, UkiSectionName.Initrd, UkiSectionName.Microcode, UkiSectionName.Devicetree,
    ];

    public required string Name { get; init; }

    public required PeImage Image { get; init; }

    /// <summary>The bytes that its Authenticode digest covers.</summary>
    public required ByteSource HashInput { get; init; }

    /// <summary>The sections that the stub uses; empty when it passes over the addon.</summary>
    public required IReadOnlyList<UkiSection> Sections { get; init; }

    /// <summary>Reads an addon as a stub does whose UKI has this <c>.uname</c>.</summary>
    /// <exception cref="MalformedInputException">It is no PE image.</exception>
    /// <exception cref="UserErrorException">It has a section whose effect is not known.</exception>
    public static LoadedAddon Read(CompanionFile file, ByteSource? kernelVersion)
    {
        PeImage image = PeImage.Read(file.Content);
        List<UkiSection> sections = [];
        foreach (PeSection section in image.Sections.Where(section => section.VirtualSize > 0))
        {
            if (section.Name == UkiSectionName.AutomaticDevicetree)
            {
                throw new UserErrorException($"addon \"{file.Name}\" has a section \".dtbauto\", which the machine chooses or not", "leave it out");
            }

            if (!sections.Exists(known => known.Name == section.Name))
            {
                sections.Add(new(section.Name, image.ContentOf(section)));
            }
        }

        ByteSource? Section(string name) => sections.Find(section => section.Name == name)?.Content;
        bool isPassedOver = Section(UkiSectionName.Linux) is not null
            || (kernelVersion is not null && Section(UkiSectionName.KernelVersion) is { } own && !IsSame(kernelVersion, own));
        return new()
        {
            Name = file.Name,
            Image = image,
            HashInput = AuthenticodeDigest.HashedContent(image),
            Sections = isPassedOver ? [] : [.. sections.Where(section => s_used.Contains(section.Name))],
        };
    }

    public ByteSource? Section(string name) => Sections.FirstOrDefault(section => section.Name == name)?.Content;

    private static bool IsSame(ByteSource a, ByteSource b)
    {
        const int Longest = 4096;
        return a.Length <= Longest && b.Length <= Longest
            && a.ToArray().AsSpan().TrimEnd((byte)0).SequenceEqual(b.ToArray().AsSpan().TrimEnd((byte)0));
    }
}
