namespace Mantle.Measure.Audit.Inspection;

/// <summary>One way in which a kernel of this image is started: a profile of a UKI, a loader entry, a line of a boot loader's configuration.</summary>
public sealed record BootEntry
{
    /// <summary>The file that decides: <c>esp:/EFI/BOOT/BOOTX64.EFI</c>; with <c>@1</c> behind it for the first profile of a UKI.</summary>
    public required string Place { get; init; }

    /// <summary><c>uki</c>, <c>loader-entry</c>, <c>grub</c>, <c>syslinux</c>, <c>addon</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The kernel command line, or null when the entry has none: then the firmware or an editor decides.</summary>
    public string? CommandLine { get; init; }

    /// <summary>The words of the command line, as the kernel splits it; quotes removed.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Places of the initrd trees that are part of it.</summary>
    public IReadOnlyList<InspectedTree> Initrds { get; init; } = [];

    /// <summary>The release of the kernel as <c>uname -r</c> prints it, or null.</summary>
    public string? KernelRelease { get; init; }

    /// <summary>The os-release text, or null.</summary>
    public string? OsRelease { get; init; }

    /// <summary>The stub's version, or null.</summary>
    public string? StubVersion { get; init; }

    /// <summary>Whether the PE file that it comes from carries a signature. Nothing is said about its validity.</summary>
    public bool IsSigned { get; init; }
}
