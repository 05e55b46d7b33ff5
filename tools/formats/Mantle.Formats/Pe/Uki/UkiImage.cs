using System.Diagnostics.CodeAnalysis;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Pe.Uki;

/// <summary>A unified kernel image: a PE image made of systemd-stub and payload sections.</summary>
/// <param name="Image">The PE image.</param>
/// <param name="StubVersion">The stub's full version, for example <c>257.13-1~deb13u1</c>.</param>
/// <param name="StubMajor">The stub's major version, for example 257.</param>
/// <param name="Sections">Payload sections in file order, each name once; sections without content are left out as the stub does.</param>
public sealed record UkiImage(PeImage Image, string StubVersion, int StubMajor, IReadOnlyList<UkiSection> Sections)
{
    /// <summary>Finds a section's content. False: the image has no such section.</summary>
    public bool TryGetSection(string name, [NotNullWhen(true)] out ByteSource? content)
    {
        content = Sections.FirstOrDefault(section => section.Name == name)?.Content;
        return content is not null;
    }
}
