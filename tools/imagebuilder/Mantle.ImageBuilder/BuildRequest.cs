using Mantle.ImageBuilder.Packages;

namespace Mantle.ImageBuilder;

/// <summary>What a build is asked to do.</summary>
public sealed record BuildRequest
{
    /// <summary>The recipe file.</summary>
    public required string RecipePath { get; init; }

    /// <summary>The lock file.</summary>
    public required string LockPath { get; init; }

    /// <summary>The folder of finished files.</summary>
    public required string OutputPath { get; init; }

    /// <summary>The package cache.</summary>
    public required string CachePath { get; init; }

    /// <summary>Finds the addresses of a package's file; called only for what the cache lacks.</summary>
    public required Func<LockedPackage, IReadOnlyList<Uri>> Locate { get; init; }

    /// <summary>Whether the debug twin is built and not the sealed image.</summary>
    public bool Debug { get; init; }

    /// <summary>Version of the tool, for manifest and SBOM.</summary>
    public required string ToolVersion { get; init; }
}
