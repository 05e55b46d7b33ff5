using System.Globalization;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.Cli.Commands;

/// <summary>Files and small values from the command line, with messages that name the option.</summary>
internal static class Inputs
{
    /// <summary>Far more than any of the small files that commands take.</summary>
    private const long MaximumLength = 64 << 20;

    /// <summary>Times as attestation documents and clocks elsewhere have them.</summary>
    private static readonly string[] s_otherForms = ["yyyy-MM-dd'T'HH:mm:ss.fff'Z'", "yyyy-MM-dd'T'HH:mm:sszzz"];

    public static byte[] ReadFile(string path)
    {
        FileInfo file = new(path);
        return Directory.Exists(path) ? throw new UserErrorException($"\"{path}\" is a directory", "name a file", ExitCode.Environment)
            : !file.Exists ? throw new UserErrorException($"\"{path}\" does not exist", "name a file", ExitCode.Environment)
            : file.Length > MaximumLength ? throw new UserErrorException($"\"{path}\" has {file.Length:N0} bytes, more than such a file can have")
            : File.ReadAllBytes(path);
    }

    /// <summary>Bytes that are given in hex or in a file, or null for neither.</summary>
    public static byte[]? Bytes(string option, string? hex, string? file)
    {
        if (hex is not null && file is not null)
        {
            throw new UserErrorException($"{option} and {option}-file exclude each other", exitCode: ExitCode.Usage);
        }

        return file is not null ? ReadFile(file) : hex is not null ? Hex(option, hex) : null;
    }

    public static byte[] Hex(string option, string text)
    {
        try
        {
            return Convert.FromHexString(text.StartsWith("0x", StringComparison.Ordinal) ? text[2..] : text);
        }
        catch (FormatException e)
        {
            throw new UserErrorException($"{option} \"{text}\" is not hexadecimal", "give two digits a byte, for example 00ff", ExitCode.Usage, e);
        }
    }

    /// <summary>A span of time: a number with unit s, m, h or d.</summary>
    public static TimeSpan Duration(string option, string text)
    {
        if (text.Length >= 2 && uint.TryParse(text.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out uint count) && count <= 1_000_000)
        {
            switch (text[^1])
            {
                case 's':
                    return TimeSpan.FromSeconds(count);
                case 'm':
                    return TimeSpan.FromMinutes(count);
                case 'h':
                    return TimeSpan.FromHours(count);
                case 'd':
                    return TimeSpan.FromDays(count);
            }
        }

        throw new UserErrorException($"{option} \"{text}\" is no span of time", "give a number with s, m, h or d, for example 5m", ExitCode.Usage);
    }

    public static DateTimeOffset Time(string option, string text) =>
        UtcTime.TryParseTimeOrDay(text, out DateTimeOffset time) || DateTimeOffset.TryParseExact(text, s_otherForms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time)
            ? time
            : throw new UserErrorException($"{option} \"{text}\" is no time", "give it as 2026-02-03T10:12:02Z", ExitCode.Usage);
}
