using Mantle.Formats.Bytes;

namespace Mantle.Formats.Pe.Uki;

/// <summary>What a unified kernel image is made of.</summary>
public sealed record UkiInputs
{
    /// <summary>The unsigned systemd-stub PE image.</summary>
    public required ByteSource Stub { get; init; }

    /// <summary>
    /// The payload in file order. A section that the stub has too (<c>.sbat</c>) replaces the stub's in place.
    /// </summary>
    public required IReadOnlyList<UkiSection> Sections { get; init; }
}
