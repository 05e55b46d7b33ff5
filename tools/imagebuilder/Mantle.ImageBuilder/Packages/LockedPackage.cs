namespace Mantle.ImageBuilder.Packages;

/// <summary>One package of the lock: which file, and why it is there.</summary>
public sealed record LockedPackage
{
    /// <summary>Binary package name.</summary>
    public required string Name { get; init; }

    /// <summary>Debian version, epoch included.</summary>
    public required string Version { get; init; }

    /// <summary>Architecture field of the package: <c>amd64</c> or <c>all</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>Suite whose index lists it, for example <c>trixie-security</c>. It also says which archive (main or security) holds the file.</summary>
    public required string Suite { get; init; }

    /// <summary>Path below the archive's root (the index's <c>Filename</c>).</summary>
    public required string Path { get; init; }

    /// <summary>Size of the .deb file in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>SHA-256 of the .deb file, 64 lower-case hexadecimal digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary>What the package is for: <c>root</c>, <c>kernel</c>, <c>stub</c>, <c>toolchain</c>, <c>debug</c>; sorted.</summary>
    public required IReadOnlyList<string> Uses { get; init; }

    /// <summary>Per use, the shortest reason: <c>root: recipe</c> or <c>root: libssl3t64 Depends zlib1g (>= 1:1.1.4)</c>; sorted.</summary>
    public required IReadOnlyList<string> Why { get; init; }

    /// <summary>Whether the debug twin alone needs it: then it is no input of the sealed image.</summary>
    internal bool IsOnlyForTwin => Uses is [UseName.Debug];

    /// <summary>Whether its content is in the image, not only among the tools that made it.</summary>
    /// <param name="isTwin">Which of the two images.</param>
    internal bool IsIn(bool isTwin) => Uses.Any(use => use != UseName.Toolchain && (isTwin || use != UseName.Debug));
}
