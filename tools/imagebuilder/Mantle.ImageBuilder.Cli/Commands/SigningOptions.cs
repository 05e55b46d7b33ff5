using System.CommandLine;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Signing.Keys;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary>What commands that use keys have in common.</summary>
internal static class SigningOptions
{
    /// <summary>The option that names a file descriptor. Each command has one of its own.</summary>
    public static Option<int?> PassphraseDescriptor() => new("--passphrase-fd")
    {
        Description = "Read passphrases from this open file descriptor, one a line in the order of the keys [default: ask at the terminal]",
        HelpName = "N",
    };

    /// <summary>Where passphrases come from.</summary>
    public static IPassphrases Passphrases(ParseResult parsed, Option<int?> option) =>
        parsed.GetValue(option) is { } descriptor ? new DescriptorPassphrases(descriptor) : new ConsolePassphrases(parsed.InvocationConfiguration.Error);

    /// <summary>A date, whose first second is meant, or a time, both UTC.</summary>
    public static DateTimeOffset Time(ParseResult parsed, Option<string?> option) =>
        Find(parsed, option) ?? throw new UserErrorException($"{option.Name} is needed", "give a date such as 2026-11-23; no clock is read", ExitCode.Usage);

    /// <summary>The same for an option that may be left out.</summary>
    public static DateTimeOffset? Find(ParseResult parsed, Option<string?> option)
    {
        string? text = parsed.GetValue(option);
        return text is null ? null
            : UtcTime.TryParseTimeOrDay(text, out DateTimeOffset time) ? time
            : throw new UserErrorException($"{option.Name}: \"{text}\" is no time", "write 2026-11-23 or 2026-11-23T10:00:00Z", ExitCode.Usage);
    }
}
