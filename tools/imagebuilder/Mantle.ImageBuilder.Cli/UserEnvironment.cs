using Mantle.ImageBuilder.Packages.Archive;

namespace Mantle.ImageBuilder.Cli;

/// <summary>What the tool takes from the user's environment: where the cache is and which mirror to use. Nothing of it reaches the image.</summary>
internal static class UserEnvironment
{
    public static string? Mirror => Environment.GetEnvironmentVariable(MirrorSelection.EnvironmentVariable);

    public static string CachePath => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
            ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "mantle");
}
