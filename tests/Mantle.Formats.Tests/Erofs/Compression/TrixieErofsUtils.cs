using Mantle.Testing;

namespace Mantle.Formats.Tests.Erofs.Compression;

/// <summary>
/// mkfs.erofs and fsck.erofs of Debian trixie (1.8: deflate, zstd and MicroLZMA), from the mirror that this machine's apt is set up with,
/// with the libraries that they need, run through their own loader. Nothing is installed. What was unpacked is kept below artifacts/.
/// </summary>
internal static class TrixieErofsUtils
{
    private const string Libraries = "usr/lib/x86_64-linux-gnu";
    private const string Loader = Libraries + "/ld-linux-x86-64.so.2";
    private static readonly Lazy<string?> s_root = new(Unpack);

    /// <summary>Runs a tool that must succeed; skips the test (fails it in CI) where the packages cannot be had.</summary>
    public static string Succeed(string tool, params IEnumerable<string> arguments)
    {
        if (s_root.Value is not { } root)
        {
            Oracle.Missing("erofs-utils of Debian trixie cannot be fetched from apt's mirror");
            return "";
        }

        return Oracle.Succeed(Path.Combine(root, Loader), ["--library-path", Path.Combine(root, Libraries), Path.Combine(root, "usr/bin", tool), .. arguments]);
    }

    private static string? Unpack()
    {
        string cache = Repository.PathOf("artifacts", "oracles", "erofs-utils-trixie");
        if (File.Exists(Path.Combine(cache, Loader)))
        {
            return cache;
        }

        using TemporaryFolder folder = new();
        if (Configure(folder) is not { } configuration)
        {
            return null;
        }

        // An empty status file: nothing counts as installed, so that apt downloads the libraries too.
        string[] options = ["-c", configuration, "-q", "-y", "--no-install-recommends"];
        if (Oracle.Run("apt-get", [.. options, "update"]).ExitCode != 0
            || Oracle.Run("apt-get", [.. options, "--download-only", "install", "erofs-utils"]).ExitCode != 0)
        {
            return null;
        }

        string unpacked = folder["unpacked"];
        foreach (string package in Directory.GetFiles(folder["cache/archives"], "*.deb"))
        {
            Oracle.Succeed("dpkg-deb", "-x", package, unpacked);
        }

        // Two test runs at once: the second finds that the first has done it.
        string sibling = $"{cache}.{Environment.ProcessId}";
        Directory.CreateDirectory(Path.GetDirectoryName(cache)!);
        Oracle.Succeed("cp", "-a", unpacked, sibling);
        Oracle.Run("mv", ["-T", "-n", sibling, cache]);
        return File.Exists(Path.Combine(cache, Loader)) ? cache : null;
    }

    private static string? Configure(TemporaryFolder folder)
    {
        (int exitCode, string targets, _) = Oracle.Run("apt-get", ["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Component: main", "Label: Debian"]);
        string? mirror = targets.Split('\n', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        if (exitCode != 0 || mirror is null)
        {
            return null;
        }

        Directory.CreateDirectory(folder["state/lists/partial"]);
        Directory.CreateDirectory(folder["cache/archives/partial"]);
        File.WriteAllText(folder["status"], "");
        string keyrings = string.Join(',', Directory.GetFiles(Repository.PathOf("appliance", "keyrings"), "*.gpg").Order(StringComparer.Ordinal));
        File.WriteAllText(folder["sources.list"], $"deb [signed-by={keyrings}] {mirror} trixie main\n");
        File.WriteAllText(folder["apt.conf"], $"""
            Dir::State "{folder["state"]}";
            Dir::State::status "{folder["status"]}";
            Dir::Cache "{folder["cache"]}";
            Dir::Etc::sourcelist "{folder["sources.list"]}";
            Dir::Etc::sourceparts "-";
            Dir::Etc::preferences "-";
            Dir::Etc::preferencesparts "-";
            APT::Architecture "amd64";
            APT::Sandbox::User "";
            APT::Update::Post-Invoke-Success "";
            Debug::NoLocking "1";
            Acquire::Retries "2";
            Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";

            """);
        return folder["apt.conf"];
    }
}
