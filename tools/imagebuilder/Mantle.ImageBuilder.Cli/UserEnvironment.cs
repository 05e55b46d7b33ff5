using Mantle.ImageBuilder.Packages.Archive;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Cli;

/// <summary>What the tool takes from the user's environment: where the cache is and which mirror to use. Nothing of it reaches the image.</summary>
internal static class UserEnvironment
{
    public static string? Mirror => Environment.GetEnvironmentVariable(MirrorSelection.EnvironmentVariable);

    // Not verified: a home that does not exist yet must not put the cache into the working folder.
    private static string HomePath =>
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } home
            ? home
            : throw new UserErrorException("no home folder to keep the package cache in", "name a folder with --cache DIR", ExitCode.Environment);

    public static string CachePath => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
            ? cache
            : Path.Combine(HomePath, ".cache"),
        "mantle");
}
