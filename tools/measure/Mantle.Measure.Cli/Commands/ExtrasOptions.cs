using System.CommandLine;
using System.Globalization;
using Mantle.Formats.Bytes;
using Mantle.Formats.Pe.Uki;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Cli.Commands;

/// <summary>The options that say what reaches the kernel from outside the boot file, and which of a UKI's parts are used.</summary>
internal static class ExtrasOptions
{
    private static readonly Option<int> s_profile = new("--profile") { Description = "The number of the UKI's profile that is booted", HelpName = "N" };

    private static readonly Option<FileInfo[]> s_addon = Files("--addon", "An addon in the folder BOOTFILE.extra.d");
    private static readonly Option<FileInfo[]> s_globalAddon = Files("--global-addon", "An addon in loader/addons");
    private static readonly Option<FileInfo[]> s_credential = Files("--credential", "A credential in the folder BOOTFILE.extra.d");
    private static readonly Option<FileInfo[]> s_globalCredential = Files("--global-credential", "A credential in loader/credentials");
    private static readonly Option<FileInfo[]> s_systemExtension = Files("--sysext", "A system extension image in the folder BOOTFILE.extra.d");
    private static readonly Option<FileInfo[]> s_configurationExtension = Files("--confext", "A configuration extension image in the folder BOOTFILE.extra.d");

    private static readonly Option<string> s_commandLine = new("--cmdline-extra")
    {
        Description = "The SMBIOS type 11 string io.systemd.stub.kernel-cmdline-extra=, without that prefix",
        HelpName = "TEXT",
    };

    private static readonly Option<string> s_loadOptions = new("--load-options")
    {
        Description = "The boot entry's optional data as text; \"\" says that it has none",
        HelpName = "TEXT",
    };

    private static readonly Option<string[]> s_choose = new("--choose")
    {
        Description = "Which section of a name the machine takes, as .dtbauto=N, or .dtbauto=none; repeatable",
        HelpName = "NAME=N",
    };

    private static readonly Option<string[]> s_phase = new("--phase")
    {
        Description = "Boot phases that systemd measures into PCR 11 after the kernel has started, as enter-initrd:leave-initrd:sysinit:ready; repeatable",
        HelpName = "WORDS",
    };

    public static IEnumerable<Option> All =>
        [s_profile, s_addon, s_globalAddon, s_credential, s_globalCredential, s_systemExtension, s_configurationExtension, s_commandLine, s_loadOptions, s_choose, s_phase];

    /// <summary>The options that name files and words, without those that choose among the UKI's own parts.</summary>
    public static IEnumerable<Option> Suspects =>
        [s_addon, s_globalAddon, s_credential, s_globalCredential, s_systemExtension, s_configurationExtension, s_commandLine];

    /// <summary>The files and words that the command line names.</summary>
    public static BootExtras Read(ParseResult parsed) => new()
    {
        Addons = Read(parsed, s_addon),
        GlobalAddons = Read(parsed, s_globalAddon),
        Credentials = Read(parsed, s_credential),
        GlobalCredentials = Read(parsed, s_globalCredential),
        SystemExtensions = Read(parsed, s_systemExtension),
        ConfigurationExtensions = Read(parsed, s_configurationExtension),
        FirmwareCommandLine = parsed.GetValue(s_commandLine),
    };

    /// <summary>Adds what the command line says to the options of a prediction.</summary>
    public static PredictionOptions Apply(ParseResult parsed, PredictionOptions options) => options with
    {
        Profile = parsed.GetValue(s_profile),
        Extras = Read(parsed) with { LoadOptions = LoadOptions(parsed.GetValue(s_loadOptions)) },
        HardwareChoices = (parsed.GetValue(s_choose) ?? []).Select(Choice).ToDictionary(choice => choice.Name, choice => choice.Number),
        Phases = [.. (parsed.GetValue(s_phase) ?? []).SelectMany(words => words.Split(':', StringSplitOptions.RemoveEmptyEntries))],
    };

    private static Option<FileInfo[]> Files(string name, string description) => new(name) { Description = $"{description}; repeatable", HelpName = "FILE" };

    private static CompanionFile[] Read(ParseResult parsed, Option<FileInfo[]> option) =>
        [.. (parsed.GetValue(option) ?? []).Select(file => new CompanionFile(file.Name, ByteSource.FromMemory(InputFile.ReadSmall(file))))];

    private static string? LoadOptions(string? text) => text switch
    {
        null => null,
        _ when text.StartsWith('@') => throw new UserErrorException(
            $"load options \"{text}\" choose a profile", "give --profile N, and as load options what follows the number", ExitCode.Usage),
        _ when text.Any(char.IsControl) => throw new UserErrorException("load options have control characters, which makes the stub ignore them", "leave them out", ExitCode.Usage),
        _ => text,
    };

    private static (string Name, int Number) Choice(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 ? text : text[..equals];
        string value = equals < 0 ? "" : text[(equals + 1)..];
        int number = PredictionOptions.NoneFits;
        return UkiSectionName.ChosenByHardware.Contains(name) && (value == "none" || int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out number))
            ? (name, number)
            : throw new UserErrorException(
                $"\"{text}\" chooses no section", $"give one of {string.Join(", ", UkiSectionName.ChosenByHardware)}, \"=\", and a number or none", ExitCode.Usage);
    }
}
