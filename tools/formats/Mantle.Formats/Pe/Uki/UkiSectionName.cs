namespace Mantle.Formats.Pe.Uki;

/// <summary>
/// The section names of the Unified Kernel Image specification (UAPI.5) that systemd-stub acts on. The stub compares all 8 bytes of a name.
/// </summary>
public static class UkiSectionName
{
    /// <summary>The kernel: a PE image of its own.</summary>
    public const string Linux = ".linux";

    /// <summary>os-release text.</summary>
    public const string OsRelease = ".osrel";

    /// <summary>The kernel command line, UTF-8.</summary>
    public const string CommandLine = ".cmdline";

    /// <summary>The initrd.</summary>
    public const string Initrd = ".initrd";

    /// <summary>Microcode, an uncompressed cpio archive.</summary>
    public const string Microcode = ".ucode";

    /// <summary>Boot picture, BMP.</summary>
    public const string Splash = ".splash";

    /// <summary>Devicetree.</summary>
    public const string Devicetree = ".dtb";

    /// <summary>The kernel's version, as uname -r prints it.</summary>
    public const string KernelVersion = ".uname";

    /// <summary>SBAT revocation metadata; the stub brings its own.</summary>
    public const string Sbat = ".sbat";

    /// <summary>Signatures over predicted PCR values, JSON. Cannot be measured, for it speaks about the measurement.</summary>
    public const string PcrSignature = ".pcrsig";

    /// <summary>The key of <see cref="PcrSignature"/>, PEM.</summary>
    public const string PcrPublicKey = ".pcrpkey";

    /// <summary>Starts a profile: the sections up to the next one replace those of the same name before the first.</summary>
    public const string Profile = ".profile";

    /// <summary>A devicetree for one kind of machine; a UKI may have many, the stub takes the first that fits.</summary>
    public const string AutomaticDevicetree = ".dtbauto";

    /// <summary>Hardware identifiers for <see cref="AutomaticDevicetree"/>.</summary>
    public const string HardwareIds = ".hwids";

    /// <summary>Firmware for one kind of machine; a UKI may have many.</summary>
    public const string AutomaticFirmware = ".efifw";

    /// <summary>The stub's name and version.</summary>
    public const string StubMagic = ".sdmagic";

    /// <summary>The sections that a UKI may have once, and that can be put into one.</summary>
    public static IReadOnlyList<string> Payload { get; } =
    [
        Linux, OsRelease, CommandLine, Initrd, Microcode, Splash, Devicetree, KernelVersion, Sbat, PcrSignature, PcrPublicKey, HardwareIds,
    ];

    /// <summary>Sections of which the machine chooses one, so that a UKI may have several.</summary>
    public static IReadOnlyList<string> ChosenByHardware { get; } = [AutomaticDevicetree, AutomaticFirmware];
}
