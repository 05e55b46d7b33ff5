namespace Mantle.ImageBuilder.Packages.Resolution;

/// <summary>The part of a recipe that decides which packages are locked.</summary>
public sealed record ResolutionRequest
{
    /// <summary>Debian's name of the architecture, for example <c>amd64</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>Suites in order of preference, for example <c>trixie</c>, <c>trixie-updates</c>, <c>trixie-security</c>: of equal versions the first suite's is taken.</summary>
    public required IReadOnlyList<string> Suites { get; init; }

    /// <summary>What packages are needed for; each use is closed over its dependencies on its own.</summary>
    public required IReadOnlyList<PackageUse> Uses { get; init; }
}

/// <summary>A purpose that packages are locked for.</summary>
public sealed record PackageUse
{
    /// <summary>Name: <c>root</c>, <c>kernel</c>, <c>stub</c>, <c>toolchain</c>, <c>debug</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The packages that the recipe names.</summary>
    public required IReadOnlyList<string> Roots { get; init; }

    /// <summary>The dependencies that the recipe deliberately goes without.</summary>
    public IReadOnlyList<LeftOutDependency> LeaveOut { get; init; } = [];
}

/// <summary>A dependency that counts as satisfied although no package is locked for it.</summary>
/// <param name="Package">Package or virtual package.</param>
/// <param name="Reason">Why the image works without it; for people, it decides nothing.</param>
public sealed record LeftOutDependency(string Package, string Reason);
