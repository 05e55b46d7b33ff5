using System.Diagnostics.CodeAnalysis;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Pe.Uki;

/// <summary>A unified kernel image: a PE image made of systemd-stub and payload sections.</summary>
/// <param name="Image">The PE image.</param>
/// <param name="StubVersion">The stub's full version, for example <c>257.13-1~deb13u1</c>.</param>
/// <param name="StubMajor">The stub's major version, for example 257.</param>
/// <param name="Sections">Payload sections of the default profile in file order; sections without content are left out as the stub does.</param>
public sealed record UkiImage(PeImage Image, string StubVersion, int StubMajor, IReadOnlyList<UkiSection> Sections)
{
    /// <summary>What every profile begins with: the sections before the first <c>.profile</c>.</summary>
    internal IReadOnlyList<UkiSection> BaseSections { get; init; } = Sections;

    /// <summary>Per profile its own sections, <c>.profile</c> first.</summary>
    internal IReadOnlyList<IReadOnlyList<UkiSection>> ProfileSections { get; init; } = [];

    /// <summary>How many profiles there are; 0: the image has no section <c>.profile</c>, and only the default can be booted.</summary>
    public int ProfileCount => ProfileSections.Count;

    /// <summary>
    /// The sections that the stub sees with a profile: the profile's own and, for names that it has none of, the base's. A name of
    /// <see cref="UkiSectionName.ChosenByHardware"/> may be there several times.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such profile.</exception>
    public IReadOnlyList<UkiSection> SectionsOf(int profile)
    {
        if (profile == 0 && ProfileCount == 0)
        {
            return BaseSections;
        }

        ArgumentOutOfRangeException.ThrowIfNegative(profile);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(profile, ProfileCount);
        IReadOnlyList<UkiSection> own = ProfileSections[profile];
        return [.. BaseSections.Where(section => own.All(other => other.Name != section.Name)), .. own];
    }

    /// <summary>Finds a section's content in the default profile. False: it has no such section.</summary>
    public bool TryGetSection(string name, [NotNullWhen(true)] out ByteSource? content)
    {
        content = Sections.FirstOrDefault(section => section.Name == name)?.Content;
        return content is not null;
    }
}
