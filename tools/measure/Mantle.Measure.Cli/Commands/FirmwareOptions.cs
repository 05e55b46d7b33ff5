using System.CommandLine;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Cli.Commands;

/// <summary>The options that say which firmware boots the image: platform, Secure Boot and its keys.</summary>
internal static class FirmwareOptions
{
    private const string On = "on";
    private const string Off = "off";
    private const string Setup = "setup";
    private const string Unsupported = "unsupported";

    private static readonly string[] s_states = [Off, On, Setup, Unsupported];

    private static readonly Option<string> s_platform = new("--platform")
    {
        Description = "ovmf: EDK2 as QEMU uses it; ec2: EC2 with NitroTPM; gcp: Compute Engine, which measures the boot file into PCR 2",
        HelpName = "ovmf|ec2|gcp",
        DefaultValueFactory = _ => FirmwareProfile.Ovmf.Name,
    };

    private static readonly Option<string> s_secureBoot = new("--secure-boot")
    {
        Description = "on, off, setup (off, and no PK) or unsupported (no variable SecureBoot) [default: on if a PK is given, otherwise off]",
        HelpName = "on|off|setup|unsupported",
    };

    private static readonly Option<FileInfo> s_uefiData = new("--uefi-data")
    {
        Description = "All variables in one file: EC2's UefiData text, or OVMF's VARS file",
        HelpName = "FILE",
    };

    private static readonly Option<FileInfo> s_dictionary = new("--uefi-data-dictionary")
    {
        Description = "EC2's preset dictionary, 11381 bytes, for a UefiData text that EC2 wrote (docs/measurements.md says where it is published)",
        HelpName = "FILE",
    };

    private static readonly Option<FileInfo[]> s_platformKey = Variable("--pk", "PK");
    private static readonly Option<FileInfo[]> s_keyExchangeKeys = Variable("--kek", "KEK");
    private static readonly Option<FileInfo[]> s_allowed = Variable("--db", "db");
    private static readonly Option<FileInfo[]> s_forbidden = Variable("--dbx", "dbx");
    private static readonly Option<FileInfo[]> s_timestamping = Variable("--dbt", "dbt");

    private static readonly Option<string> s_owner = new("--owner")
    {
        Description = "The signature owner of certificates given in PEM or DER; it is measured",
        HelpName = "GUID",
    };

    private static readonly Option<int> s_failedAttempts = new("--failed-attempts")
    {
        Description = "How many boot options the firmware tries in vain first, for example a disk that does not boot",
        HelpName = "N",
    };

    public static IEnumerable<Option> All =>
        [s_platform, s_secureBoot, s_uefiData, s_dictionary, s_platformKey, s_keyExchangeKeys, s_allowed, s_forbidden, s_timestamping, s_owner, s_failedAttempts];

    /// <summary>Adds what the command line says to the options of a prediction.</summary>
    public static PredictionOptions Apply(ParseResult parsed, PredictionOptions options)
    {
        SecureBootVariables? variables = Variables(parsed);
        string state = parsed.GetValue(s_secureBoot) ?? (variables is { PlatformKey.IsEmpty: false } ? On : Off);
        if (!s_states.Contains(state))
        {
            throw Usage($"state of Secure Boot \"{state}\" is none of {string.Join(", ", s_states)}");
        }

        bool hasPlatformKey = variables is { PlatformKey.IsEmpty: false };
        if (state == Setup && hasPlatformKey)
        {
            throw Usage("in setup mode there is no PK, and one is given");
        }

        if (state == On && variables is not null && !hasPlatformKey)
        {
            throw Usage("Secure Boot is on only with a PK, and none is given");
        }

        return options with
        {
            Platform = FirmwareProfile.Find(parsed.GetValue(s_platform)!),
            Variables = variables,
            FailedAttempts = parsed.GetValue(s_failedAttempts) is >= 0 and <= 100 and int attempts ? attempts : throw Usage("failed attempts are a number from 0 to 100"),
            SecureBoot = state switch
            {
                On => SecureBootState.On,
                Unsupported => SecureBootState.Unsupported,
                _ => SecureBootState.Off,
            },
        };
    }

    private static Option<FileInfo[]> Variable(string name, string variable) => new(name)
    {
        Description = $"What {variable} holds: a signature list (.esl), an update (.auth), a file of efivarfs, or a certificate in PEM or DER; repeatable",
        HelpName = "FILE",
    };

    private static SecureBootVariables? Variables(ParseResult parsed)
    {
        FileInfo? store = parsed.GetValue(s_uefiData);
        FileInfo? dictionary = parsed.GetValue(s_dictionary);
        if (dictionary is not null && store is null)
        {
            throw Usage("--uefi-data-dictionary goes with --uefi-data");
        }

        Option<FileInfo[]>[] single = [s_platformKey, s_keyExchangeKeys, s_allowed, s_forbidden, s_timestamping];
        bool hasSingle = single.Any(option => parsed.GetValue(option) is { Length: > 0 });
        if (store is null && !hasSingle)
        {
            return null;
        }

        Guid? owner = null;
        if (parsed.GetValue(s_owner) is { } text)
        {
            owner = Guid.TryParse(text, out Guid known) ? known : throw Usage($"owner \"{text}\" is no GUID");
        }

        SecureBootVariables variables = store is null
            ? new()
            : SecureBootVariables.From(VariableFile.Read(store.Name, InputFile.ReadSmall(store), dictionary is null ? [] : InputFile.ReadSmall(dictionary)));

        ReadOnlyMemory<byte> Content(Option<FileInfo[]> option, ReadOnlyMemory<byte> otherwise) => parsed.GetValue(option) is { Length: > 0 } files
            ? files.SelectMany(file => SignatureListFile.Read(file.Name, InputFile.ReadSmall(file), owner).ToArray()).ToArray()
            : otherwise;

        return variables with
        {
            PlatformKey = Content(s_platformKey, variables.PlatformKey),
            KeyExchangeKeys = Content(s_keyExchangeKeys, variables.KeyExchangeKeys),
            Allowed = Content(s_allowed, variables.Allowed),
            Forbidden = Content(s_forbidden, variables.Forbidden),
            Timestamping = Content(s_timestamping, variables.Timestamping),
        };
    }

    private static UserErrorException Usage(string problem) => new(problem, "see \"measure predict --help\"", ExitCode.Usage);
}
