using Mantle.Formats.Pe.Uki;

namespace Mantle.Measure.Prediction;

/// <summary>
/// What each major version of systemd-stub measures. Only versions whose behaviour has been established are listed: a version that is not
/// here is refused, never guessed. Versions 252, 257 and 262 were compared with real boots, the others with their sources.
/// </summary>
/// <param name="Major">The major version.</param>
/// <param name="Sections">Sections that go into PCR 11, in order.</param>
/// <param name="MeasuresInnerKernel">
/// With Secure Boot off the stub starts the kernel through LoadImage, so that the firmware measures it into PCR 4. Since 258 it jumps there itself.
/// </param>
/// <param name="InitrdIsKnown">The pieces of the initrd that the kernel is given, and thus PCR 9, are established.</param>
internal sealed record StubRules(int Major, IReadOnlyList<string> Sections, bool MeasuresInnerKernel, bool InitrdIsKnown)
{
    private static readonly string[] s_since252 =
    [
        UkiSectionName.Linux, UkiSectionName.OsRelease, UkiSectionName.CommandLine, UkiSectionName.Initrd, UkiSectionName.Splash,
        UkiSectionName.Devicetree, UkiSectionName.PcrPublicKey,
    ];

    private static readonly string[] s_since254 =
    [
        UkiSectionName.Linux, UkiSectionName.OsRelease, UkiSectionName.CommandLine, UkiSectionName.Initrd, UkiSectionName.Splash,
        UkiSectionName.Devicetree, UkiSectionName.KernelVersion, UkiSectionName.Sbat, UkiSectionName.PcrPublicKey,
    ];

    private static readonly string[] s_since256 =
    [
        UkiSectionName.Linux, UkiSectionName.OsRelease, UkiSectionName.CommandLine, UkiSectionName.Initrd, UkiSectionName.Microcode,
        UkiSectionName.Splash, UkiSectionName.Devicetree, UkiSectionName.KernelVersion, UkiSectionName.Sbat, UkiSectionName.PcrPublicKey,
    ];

    private static readonly string[] s_since257 =
    [
        .. s_since256, UkiSectionName.Profile, UkiSectionName.AutomaticDevicetree, UkiSectionName.HardwareIds,
    ];

    /// <summary>The table, by ascending version.</summary>
    public static IReadOnlyList<StubRules> All { get; } =
    [
        new(252, s_since252, MeasuresInnerKernel: true, InitrdIsKnown: false),
        new(253, s_since252, MeasuresInnerKernel: true, InitrdIsKnown: false),
        new(254, s_since254, MeasuresInnerKernel: true, InitrdIsKnown: false),
        new(255, s_since254, MeasuresInnerKernel: true, InitrdIsKnown: false),
        new(256, s_since256, MeasuresInnerKernel: true, InitrdIsKnown: false),
        new(257, s_since257, MeasuresInnerKernel: true, InitrdIsKnown: true),
        new(258, s_since257, MeasuresInnerKernel: false, InitrdIsKnown: false),
        new(259, s_since257, MeasuresInnerKernel: false, InitrdIsKnown: false),
        new(261, s_since257, MeasuresInnerKernel: false, InitrdIsKnown: false), // adds a random secret of the machine to the initrd
        new(262, s_since257, MeasuresInnerKernel: false, InitrdIsKnown: false),
    ];

    /// <summary>The rules of a stub.</summary>
    /// <exception cref="UserErrorException">Its version is not in the table.</exception>
    public static StubRules For(int major, string version) =>
        All.FirstOrDefault(rules => rules.Major == major)
        ?? throw new UserErrorException(
            $"what systemd-stub \"{version}\" measures is not known; known major versions are {string.Join(", ", All.Select(rules => rules.Major))}",
            "build the image with one of these stubs, or with a newer version of this tool");
}
