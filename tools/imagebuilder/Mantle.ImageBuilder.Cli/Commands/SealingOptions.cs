using System.CommandLine;
using System.Text.RegularExpressions;
using Mantle.ImageBuilder.Volumes;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary>What <c>volume</c> and <c>seal</c> share: whose secret it is, and the key that seals it.</summary>
internal static partial class SealingOptions
{
    public static Option<string> Output(string description) => new("--out", "-o") { Description = description, HelpName = "FILE", Required = true };

    public static Option<string?> Name { get; } = new("--name") { Description = "Its name in the recipe [default: that of the file, without extension]", HelpName = "NAME" };

    public static Option<string> Version { get; } = new("--version") { Description = "Its version in the recipe", HelpName = "TEXT", DefaultValueFactory = _ => "1" };

    public static Option<string?> Appliance { get; } = new("--appliance") { Description = "The \"name\" of the appliance's recipe; part of the encryption context", HelpName = "NAME" };

    public static Option<string?> Encrypt { get; } = new("--encrypt") { Description = "The key in AWS KMS that seals the data key: kms:KEY-ID, kms:alias/NAME or kms:ARN", HelpName = "KEY" };

    public static Option<string?> Region { get; } = new("--region") { Description = "The key's region [default: the ARN's, or the one that the AWS SDK finds]", HelpName = "NAME" };

    public static Option<string?> Endpoint { get; } = new("--endpoint") { Description = "Another address of KMS", HelpName = "URL" };

    public static Option<bool> Force { get; } = new("--force") { Description = "Replace the output if it is there" };

    public static Option<bool> Json { get; } = new("--json") { Description = "Print the result as JSON, and progress as JSON lines on standard error (docs/schemas/volume.schema.json)" };

    /// <summary>The name that was given, or that of a file.</summary>
    public static string NameOf(ParseResult parsed, string path)
    {
        string name = parsed.GetValue(Name) ?? Path.GetFileNameWithoutExtension(path);
        return NamePattern().IsMatch(name)
            ? name
            : throw new UserErrorException($"\"{name}\" is no name of lower-case letters, digits, dots, hyphens and underscores, at most 63", "give one with --name", ExitCode.Usage);
    }

    public static string VersionOf(ParseResult parsed)
    {
        string version = parsed.GetValue(Version)!;
        return VersionPattern().IsMatch(version)
            ? version
            : throw new UserErrorException($"\"{version}\" is no version of letters, digits and .+_~-, at most 64", "give another with --version", ExitCode.Usage);
    }

    /// <summary>What the data key is bound to.</summary>
    public static EncryptionContext Context(ParseResult parsed, string kind, string name) => new(
        parsed.GetValue(Appliance) ?? throw new UserErrorException("--appliance is missing", "say whose it is: the \"name\" of the appliance's recipe", ExitCode.Usage),
        kind, name, VersionOf(parsed));

    public static KeyEncryption Open(ParseResult parsed, string key) => KeyEncryption.Open(key, parsed.GetValue(Region), parsed.GetValue(Endpoint));

    /// <summary>The output's full path; refuses one that is there unless it may be replaced.</summary>
    public static string FreeOutput(ParseResult parsed, Option<string> option)
    {
        string path = Path.GetFullPath(parsed.GetValue(option)!);
        return !Path.Exists(path) || (parsed.GetValue(Force) && File.Exists(path))
            ? path
            : throw new UserErrorException($"\"{path}\" is there already", "choose another name, or say --force");
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9._-]{0,62}\\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex("^[A-Za-z0-9.+_~-]{1,64}\\z")]
    private static partial Regex VersionPattern();
}
