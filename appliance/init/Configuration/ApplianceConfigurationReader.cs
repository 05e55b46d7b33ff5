using System.Text.Json;
using Mantle.Formats.Bytes;

namespace Mantle.Init.Configuration;

/// <summary>Reads and checks <see cref="ApplianceConfiguration"/>.</summary>
internal static partial class ApplianceConfigurationReader
{
    /// <summary>Where the builder puts the file.</summary>
    internal const string Path = "/etc/mantle/appliance.json";

    /// <summary>The longest file, in bytes.</summary>
    internal const int MaximumLength = 256 * 1024;

    private const string Format = "appliance.json";
    private static readonly string[] s_kernelFolders = ["/proc", "/sys", "/dev"];

    /// <exception cref="MalformedInputException">The text is not such a document, or says something that can't be done.</exception>
    internal static ApplianceConfiguration Read(ReadOnlySpan<byte> json)
    {
        ApplianceConfiguration configuration;
        try
        {
            configuration = JsonSerializer.Deserialize(json, ApplianceConfigurationJson.Default.ApplianceConfiguration)
                ?? throw Refused("is null");
        }
        catch (JsonException problem)
        {
            throw new MalformedInputException(Format, problem.BytePositionInLine ?? 0, $"{problem.Path}: {problem.Message}");
        }

        Check(configuration);
        return configuration;
    }

    private static void Check(ApplianceConfiguration configuration)
    {
        Require(configuration.Version == 1, "version", "is not 1");
        Require(configuration.Name.Length > 0, "name", "is empty");
        Require(configuration.Release.Length > 0, "release", "is empty");
        Require(IsHostName(configuration.HostName), "hostname", "is not a host name label of 1 to 63 letters, digits and hyphens");
        foreach (TmpfsConfiguration tmpfs in configuration.Tmpfs)
        {
            CheckTmpfs(tmpfs, configuration.Tmpfs);
        }

        CheckService(configuration.Service, configuration.Tmpfs);
        Require(
            configuration.Network != NetworkMode.Dhcp || configuration.Tmpfs.Any(tmpfs => tmpfs.Path == "/run"),
            "network", "\"dhcp\" needs a tmpfs at /run, where resolv.conf is written");
        if (configuration.Unseal is { } unseal)
        {
            CheckUnseal(unseal, configuration);
        }
    }

    private static void CheckTmpfs(TmpfsConfiguration tmpfs, IReadOnlyList<TmpfsConfiguration> all)
    {
        Require(tmpfs is not null, "tmpfs", "has an empty entry");
        Require(IsAbsolute(tmpfs!.Path) && tmpfs.Path != "/", "tmpfs.path", "is not an absolute path in its shortest form");
        Require(
            !s_kernelFolders.Any(kernel => tmpfs.Path == kernel || IsBelow(tmpfs.Path, kernel)),
            "tmpfs.path", "lies in a folder of the kernel's");
        Require(all.Count(other => other?.Path == tmpfs.Path) == 1, "tmpfs.path", "is given twice");
        Require(
            !all.SkipWhile(other => other != tmpfs).Any(later => later is not null && IsBelow(tmpfs.Path, later.Path)),
            "tmpfs.path", "comes before its parent, which would hide it");
        Require(tmpfs.SizeBytes is >= 4096 and <= 1L << 40, "tmpfs.size_bytes", "is not 4096 bytes to 1 TiB");
        Require(
            tmpfs.Mode.Length == 4 && tmpfs.Mode.AsSpan().IndexOfAnyExceptInRange('0', '7') < 0 && tmpfs.Mode[0] is '0' or '1',
            "tmpfs.mode", "is not four octal digits without set-id bits");
    }

    private static void CheckService(ServiceConfiguration service, IReadOnlyList<TmpfsConfiguration> tmpfs)
    {
        Require(IsAbsolute(service.Executable), "service.exec", "is not an absolute path in its shortest form");
        Require(IsAbsolute(service.WorkingDirectory), "service.working_directory", "is not an absolute path in its shortest form");
        Require(service.Arguments.All(IsCText), "service.arguments", "has an entry that is null or contains a NUL");
        foreach ((string key, string value) in service.Environment)
        {
            Require(
                key.Length > 0 && !char.IsAsciiDigit(key[0]) && key.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_'),
                "service.environment", "has a name that is not letters, digits and underscores");
            Require(IsCText(value), "service.environment", "has a value that is null or contains a NUL");
        }

        // 0 is root, and 2^32-1 means "leave it as it is" to the kernel.
        Require(service.UserId is >= 1 and <= int.MaxValue, "service.user_id", "is not 1 to 2147483647");
        Require(service.GroupId is >= 1 and <= int.MaxValue, "service.group_id", "is not 1 to 2147483647");
        Require(service.RestartDelayMilliseconds is >= 0 and <= 3_600_000, "service.restart_delay_ms", "is not 0 to 3600000 ms");
        Require(service.StopTimeoutMilliseconds is >= 0 and <= 600_000, "service.stop_timeout_ms", "is not 0 to 600000 ms");
        foreach (string path in service.Writable)
        {
            Require(
                IsAbsolute(path) && tmpfs.Any(place => IsBelow(path, place.Path)),
                "service.writable", "has a path that is not below a tmpfs");
        }
    }

    private static bool IsAbsolute(string? path) =>
        IsCText(path) && path![0] == '/' && path.Length <= 1024
        && (path == "/" || path.Split('/').Skip(1).All(part => part.Length is > 0 and <= 255 && part is not ("." or "..")));

    private static bool IsBelow(string path, string folder) =>
        path.Length > folder.Length + 1 && path.StartsWith(folder, StringComparison.Ordinal) && path[folder.Length] == '/';

    private static bool IsCText(string? text) => text is not null && !text.Contains('\0', StringComparison.Ordinal);

    private static bool IsHostName(string name) =>
        name.Length is >= 1 and <= 63 && name[0] != '-' && name[^1] != '-'
        && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-');

    private static void Require(bool holds, string member, string problem)
    {
        if (!holds)
        {
            throw Refused($"\"{member}\" {problem}");
        }
    }

    private static MalformedInputException Refused(string problem) => new(Format, 0, problem);
}
