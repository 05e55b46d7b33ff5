using Mantle.ImageBuilder.Packages.Archive;
using Mantle.ImageBuilder.Packages.Resolution;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Packages.Locking;

/// <summary>What <see cref="Locker"/> works from.</summary>
public sealed record LockRequest
{
    /// <summary>What the recipe asks for.</summary>
    public required ResolutionRequest Resolution { get; init; }

    /// <summary>Where the archive is fetched from.</summary>
    public required ArchiveMirror Mirror { get; init; }

    /// <summary>Where an index is looked for that the mirror no longer has, or null.</summary>
    public SnapshotLocator? Snapshot { get; init; }

    /// <summary>Folder of the keys that may sign the archive.</summary>
    public required string KeyringFolder { get; init; }

    /// <summary>Folder of the index cache.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>The lock that is replaced, or null; a Release older than the one it was made from is refused.</summary>
    public LockFile? Previous { get; init; }

    /// <summary>The present, for expiry.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>Told of each finished step: its name and a fact about it.</summary>
    public Action<string, string>? Progress { get; init; }
}

/// <summary>Fetches and checks the archive's state and resolves a recipe's packages against it.</summary>
public static class Locker
{
    /// <summary>Makes a lock.</summary>
    /// <param name="request">What is locked and from where.</param>
    /// <param name="client">HTTP client; the caller owns it.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="UserErrorException">The archive is refused or the recipe cannot be resolved.</exception>
    /// <exception cref="Formats.Bytes.MalformedInputException">A file of the archive is malformed.</exception>
    public static async Task<LockFile> LockAsync(LockRequest request, HttpMessageInvoker client, CancellationToken cancellation)
    {
        ResolutionRequest resolution = request.Resolution;
        string? odd = resolution.Suites.FirstOrDefault(suite => !LockedValues.IsSuite(suite));
        if (odd is not null)
        {
            throw new UserErrorException($"\"{odd}\" is not a suite", "Debian's suites look like \"trixie\" and \"trixie-security\"");
        }

        ReleaseVerifier verifier = new(Keyring.Load(request.KeyringFolder), request.Clock);
        SuiteReader reader = new(new ArchiveFiles(client), request.Mirror, request.Snapshot, new IndexCache(request.CacheFolder), verifier);
        VerifiedSuite[] suites = await Task.WhenAll(resolution.Suites.Select(suite => Task.Run(
            () => reader.ReadAsync(suite, resolution.Architecture, SeenBy(request.Previous, suite), cancellation), cancellation))).ConfigureAwait(false);
        for (int i = 0; i < suites.Length; i++)
        {
            request.Progress?.Invoke(
                resolution.Suites[i], $"{suites[i].Release.Release.Date:yyyy-MM-dd HH:mm:ss}Z, {suites[i].Index.Packages.Count:N0} packages, signed by {string.Join(", ", suites[i].Release.SignedBy)}");
        }

        IReadOnlyList<LockedPackage> packages = Resolver.Resolve(resolution, [.. suites.Select(suite => suite.Index)]);
        request.Progress?.Invoke("resolved", $"{packages.Count:N0} packages, {packages.Sum(package => package.Size):N0} bytes");
        return LockFile.Create(resolution, [.. resolution.Suites.Zip(suites, Describe)], packages);
    }

    private static DateTimeOffset? SeenBy(LockFile? previous, string suite) => previous?.Suites.FirstOrDefault(known => known.Name == suite)?.Date;

    private static LockedSuite Describe(string name, VerifiedSuite suite) => new()
    {
        Name = name,
        Codename = suite.Release.Release.Codename,
        Date = suite.Release.Release.Date,
        ValidUntil = suite.Release.Release.ValidUntil,
        ReleaseSha256 = suite.Release.Sha256,
        PackagesSha256 = suite.PackagesSha256,
        SignedBy = suite.Release.SignedBy,
    };
}
