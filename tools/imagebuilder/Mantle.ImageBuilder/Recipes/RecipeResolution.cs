using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Packages.Resolution;

namespace Mantle.ImageBuilder.Recipes;

/// <summary>The part of a recipe that a lock depends on.</summary>
public static class RecipeResolution
{
    /// <summary>What to resolve. A lock is stale when this differs from what it was made for; all else in a recipe may change freely.</summary>
    public static ResolutionRequest Resolution(this Recipe recipe) => new()
    {
        Architecture = recipe.Architecture,
        Suites = recipe.Suites,
        Uses =
        [
            .. recipe.Debug is null ? Array.Empty<PackageUse>() : [Use(UseName.Debug, recipe.Debug.Packages)],
            Use(UseName.Kernel, recipe.Kernel.Packages),
            Use(UseName.Root, recipe.Packages),
            Use(UseName.Stub, recipe.Stub.Packages),
            Use(UseName.Toolchain, recipe.Toolchain),
        ],
    };

    private static PackageUse Use(string name, PackageSet packages) => new()
    {
        Name = name,
        Roots = packages.Roots,
        LeaveOut = [.. packages.LeaveOut.Select(leftOut => new LeftOutDependency(leftOut.Package, leftOut.Reason))],
    };
}
