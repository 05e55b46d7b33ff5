using Mantle.ImageBuilder.Signing.Keys;
using Mantle.Measure.Release.Dsse;

namespace Mantle.ImageBuilder.Signing.Releases;

/// <summary>What a release is made of.</summary>
public sealed record ReleaseRequest
{
    /// <summary>The folder that <c>imagebuilder build</c> has written.</summary>
    public required string BuildFolder { get; init; }

    /// <summary>The folder of the Secure Boot identity.</summary>
    public required string IdentityFolder { get; init; }

    /// <summary>The release directory to make.</summary>
    public required string ReleaseFolder { get; init; }

    /// <summary>The keys that sign the UKI, in the order of the signatures: the first that firmware accepts decides PCR 7.</summary>
    public required IReadOnlyList<ISigner> BootKeys { get; init; }

    /// <summary>The keys that sign the release statement; more may sign later.</summary>
    public IReadOnlyList<ISigner> ReleaseKeys { get; init; } = [];

    /// <summary>How the release keys sign; null: each as its kind does by default.</summary>
    public SignatureScheme? Scheme { get; init; }

    /// <summary>The version number, at least 1.</summary>
    public required long Number { get; init; }

    /// <summary>The lowest version number that is still acceptable from this release on.</summary>
    public required long MinimumNumber { get; init; }

    /// <summary>When the release is made, as its makers say. No clock is read.</summary>
    public required DateTimeOffset Released { get; init; }

    /// <summary>The last second in which it may be published or bound.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>Folder for what the audit decompresses; null: it is held in memory. The release does not depend on it.</summary>
    public string? SpoolFolder { get; init; }
}
