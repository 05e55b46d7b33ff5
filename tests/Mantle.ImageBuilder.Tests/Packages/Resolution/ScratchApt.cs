using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Packages.Resolution;

/// <summary>apt in a root of its own where nothing is installed; the host's configuration is not read.</summary>
internal sealed class ScratchApt : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Sets the root up with one index.</summary>
    public ScratchApt(string packages)
    {
        foreach (string folder in new[] { "repository", "etc/apt/preferences.d", "etc/apt/apt.conf.d", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial", "var/lib/dpkg" })
        {
            Directory.CreateDirectory(_folder[folder]);
        }

        File.WriteAllText(_folder["repository/Packages"], packages);
        File.WriteAllText(_folder["etc/apt/sources.list"], $"deb [trusted=yes] file:{_folder["repository"]} ./\n");
        File.WriteAllText(_folder["var/lib/dpkg/status"], "");
        File.WriteAllText(
            _folder["apt.conf"],
            $"""
            Dir "{_folder.Root}";
            Dir::State::status "{_folder["var/lib/dpkg/status"]}";
            Dir::Etc::sourceparts "-";
            APT::Architecture "amd64";
            APT::Architectures "amd64";
            APT::Sandbox::User "root";
            APT::Install-Recommends "false";
            Acquire::Languages "none";
            Debug::NoLocking "1";
            """);
        Oracle.Succeed("env", Arguments("update"));

        // The first run leaves the parsed index for all others.
        Oracle.Run("env", Arguments("check"));
    }

    /// <summary>The packages that apt would install, sorted, each with its version; null when it refuses.</summary>
    public string? Simulate(IEnumerable<string> roots)
    {
        (int exitCode, string output, _) = Oracle.Run("env", Arguments(["--simulate", "--yes", "install", .. roots]));
        return exitCode != 0 ? null : string.Join(' ', output.Split('\n')
            .Where(line => line.StartsWith("Inst ", StringComparison.Ordinal))
            .Select(line => line.Split(' '))
            .OrderBy(words => words[1], StringComparer.Ordinal)
            .Select(words => $"{words[1]}={words[2].TrimStart('(')}"));
    }

    public void Dispose() => _folder.Dispose();

    // The configuration has to be known before apt looks for the host's, which an option on the command line is not.
    private string[] Arguments(params IEnumerable<string> arguments) => [$"APT_CONFIG={_folder["apt.conf"]}", Oracle.Require("apt-get"), "--quiet", .. arguments];
}
