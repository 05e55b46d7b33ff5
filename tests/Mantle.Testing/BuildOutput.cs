using System.Text.Json;
using Xunit;

namespace Mantle.Testing;

/// <summary>What "make image" left in <c>out/</c>, "make tools" in <c>dist/</c>, and both in the package cache.</summary>
public static class BuildOutput
{
    /// <summary>The package cache of the tool, for a user who names no other.</summary>
    public static string CacheFolder { get; } = Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
            ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "mantle");

    /// <summary>A file that the build must have made; without it the test is skipped on a laptop and fails in CI.</summary>
    public static string Require(string folder, string name)
    {
        string path = Repository.PathOf(folder, name);
        if (!File.Exists(path))
        {
            string problem = $"NOT BUILT: {folder}/{name} does not exist (run \"make image debug tools\")";
            if (Oracle.InContinuousIntegration)
            {
                Assert.Fail(problem);
            }

            Assert.Skip(problem);
        }

        return path;
    }

    /// <summary>The .deb files that the image was made of, by package name: those that its manifest names and the cache holds.</summary>
    public static IReadOnlyDictionary<string, string> Packages()
    {
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllBytes(Require("out", "manifest.json")));
        SortedDictionary<string, string> packages = new(StringComparer.Ordinal);
        foreach (JsonElement package in manifest.RootElement.GetProperty("inputs").GetProperty("packages").EnumerateArray())
        {
            string sha256 = package.GetProperty("sha256").GetString()!;
            string path = Path.Combine(CacheFolder, "blobs", "sha256", sha256[..2], sha256);
            if (!File.Exists(path))
            {
                Oracle.Missing($"package \"{package.GetProperty("name")}\" in the cache");
            }

            packages.Add(package.GetProperty("name").GetString()!, path);
        }

        return packages;
    }
}
