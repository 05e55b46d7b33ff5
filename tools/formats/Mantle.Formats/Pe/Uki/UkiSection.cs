using Mantle.Formats.Bytes;

namespace Mantle.Formats.Pe.Uki;

/// <summary>A payload section of a unified kernel image.</summary>
/// <param name="Name">Its name with the leading dot, one of <see cref="UkiSectionName"/>.</param>
/// <param name="Content">Exactly VirtualSize bytes.</param>
public sealed record UkiSection(string Name, ByteSource Content);
