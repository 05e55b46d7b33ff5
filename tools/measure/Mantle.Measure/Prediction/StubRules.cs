using Mantle.Formats.Pe.Uki;

namespace Mantle.Measure.Prediction;

/// <summary>
/// What each major version of systemd-stub measures. Only versions whose behaviour has been established are listed: a version that is not
/// here is refused, never guessed. Versions 252, 254, 257 and 262 were compared with real boots, the others with their sources.
/// </summary>
/// <param name="Major">The major version.</param>
/// <param name="Sections">Sections that go into PCR 11, in order.</param>
/// <param name="MeasuresInnerKernel">
/// With Secure Boot off the stub starts the kernel through LoadImage, so that the firmware measures it into PCR 4. Since 258 it jumps there itself.
/// </param>
/// <param name="InitrdProblem">Why the pieces of the initrd that the kernel is given, and thus PCR 9, are not known; null: they are.</param>
/// <param name="ExtrasAreKnown">What is measured of profiles, addons, credentials, extensions and foreign command lines is established.</param>
internal sealed record StubRules(int Major, IReadOnlyList<string> Sections, bool MeasuresInnerKernel, string? InitrdProblem, bool ExtrasAreKnown = false)
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

    private static readonly string[] s_since258 = [.. s_since257, UkiSectionName.AutomaticFirmware];

    /// <summary>The table, by ascending version. 260 changed nothing that is measured.</summary>
    public static IReadOnlyList<StubRules> All { get; } =
    [
        Before257(252, s_since252),
        Before257(253, s_since252),
        Before257(254, s_since254),
        Before257(255, s_since254),
        Before257(256, s_since256),
        new(257, s_since257, MeasuresInnerKernel: true, InitrdProblem: null, ExtrasAreKnown: true),
        Since258(258),
        Since258(259),
        Since258(260),
        Since261(261),
        Since261(262),
    ];

    /// <summary>The rules of a stub.</summary>
    /// <exception cref="UserErrorException">Its version is not in the table.</exception>
    public static StubRules For(int major, string version) =>
        All.FirstOrDefault(rules => rules.Major == major)
        ?? throw new UserErrorException(
            $"what systemd-stub \"{version}\" measures is not known; known major versions are {string.Join(", ", All.Select(rules => rules.Major))}",
            "build the image with one of these stubs, or with a newer version of this tool");

    private static StubRules Before257(int major, string[] sections) => new(major, sections, MeasuresInnerKernel: true, UnknownInitrd(major));

    private static StubRules Since258(int major) => new(major, s_since258, MeasuresInnerKernel: false, UnknownInitrd(major));

    private static StubRules Since261(int major) =>
        new(major, s_since258, MeasuresInnerKernel: false, $"systemd-stub {major} adds a random secret of the machine to the initrd");

    private static string UnknownInitrd(int major) => $"the initrd that systemd-stub {major} hands to the kernel is not known";
}
