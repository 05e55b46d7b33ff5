using System.Collections.Concurrent;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Packages;

/// <summary>
/// Brings packages into the cache: several at a time, each from the first of its locations that has it, continued where an earlier attempt or run broke
/// off, hashed while it streams. Only a file of the locked size and SHA-256 gets into the cache, and never more than that size is read.
/// </summary>
/// <param name="cache">Where they go.</param>
/// <param name="client">For http and https; see <see cref="CreateClient"/>.</param>
/// <param name="locate">Where a package's file may be (http, https, file), the best place first.</param>
public sealed partial class PackageFetcher(PackageCache cache, HttpClient client, Func<LockedPackage, IReadOnlyList<Uri>> locate)
{
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(8);

    /// <summary>Downloads at a time.</summary>
    public int Parallelism { get; init; } = 6;

    /// <summary>Attempts at each location.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>How long a connection may stay silent before the attempt counts as failed.</summary>
    public TimeSpan StallLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Pause after the first failed attempt; it doubles with each further one, up to eight seconds.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Waits; a test need not.</summary>
    public Func<TimeSpan, CancellationToken, Task> Delay { get; init; } = Task.Delay;

    /// <summary>A client without an overall time limit and without transparent decompression, which would change what is hashed.</summary>
    public static HttpClient CreateClient()
    {
#pragma warning disable CA2000 // The client owns the handler.
        HttpClient client = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(15) }, disposeHandler: true)
#pragma warning restore CA2000
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        client.DefaultRequestHeaders.UserAgent.ParseAdd("mantle-imagebuilder");
        return client;
    }

    /// <summary>Fetches what the cache does not hold. The first package that cannot be had ends it; what has arrived is kept for the next run.</summary>
    /// <param name="packages">The packages; the same file twice is fetched once.</param>
    /// <param name="progress">Told of every step, from several threads.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="UserErrorException">A package is nowhere, or no location gave the locked bytes.</exception>
    public async Task FetchAsync(IEnumerable<LockedPackage> packages, IProgress<FetchProgress>? progress, CancellationToken cancellation)
    {
        ConcurrentBag<UserErrorException> problems = [];
        ParallelOptions options = new() { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellation };
        try
        {
            await Parallel.ForEachAsync(packages.DistinctBy(package => package.Sha256), options, async (package, stop) =>
            {
                try
                {
                    await FetchAsync(package, progress, stop).ConfigureAwait(false);
                }
                catch (UserErrorException problem)
                {
                    problems.Add(problem);
                    throw;
                }
            }).ConfigureAwait(false);
        }
        catch (Exception) when (!cancellation.IsCancellationRequested && !problems.IsEmpty)
        {
            // Those that the first one stopped say nothing; of several that failed together the same one is always shown.
            throw problems.MinBy(problem => problem.Message, StringComparer.Ordinal)!;
        }
    }

    private async Task FetchAsync(LockedPackage package, IProgress<FetchProgress>? progress, CancellationToken cancellation)
    {
        if (cache.Holds(package))
        {
            progress?.Report(new FetchProgress(package, package.Size, package.Size, FetchState.Cached));
            return;
        }

        List<Failure> failures = [];
        using PartialFile partial = cache.OpenPartial(package);
        partial.Resume(package.Size);
        if (partial.Length == package.Size && cache.Holds(package))
        {
            // Another build finished it between our look into the cache and our lock on the file.
            progress?.Report(new FetchProgress(package, package.Size, package.Size, FetchState.Cached));
            return;
        }

        foreach (Uri location in locate(package))
        {
            if (await TryLocationAsync(package, location, partial, failures, progress, cancellation).ConfigureAwait(false))
            {
                partial.Commit(cache.PrepareBlobPath(package));
                progress?.Report(new FetchProgress(package, package.Size, package.Size, FetchState.Fetched));
                return;
            }
        }

        throw Explain(package, failures);
    }

    /// <summary>Gets the rest of the file from one location. True: complete and right. False: a failure has been added.</summary>
    private async Task<bool> TryLocationAsync(
        LockedPackage package,
        Uri location,
        PartialFile partial,
        List<Failure> failures,
        IProgress<FetchProgress>? progress,
        CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            Failure? failure = partial.Length == package.Size
                ? null
                : await TransferAsync(package, location, partial, progress, cancellation).ConfigureAwait(false);
            if (failure is null)
            {
                string digest = partial.Digest();
                if (digest == package.Sha256)
                {
                    return true;
                }

                // Pieces of two versions, or a file damaged while it lay here: from the start, once, since afterwards it is one piece.
                bool wasPieced = partial.IsPieced;
                partial.Reset();
                if (wasPieced)
                {
                    continue;
                }

                failure = new Failure(FailureKind.Wrong, $"sha256 of {Show(location)} is {digest} where the lock says {package.Sha256}");
            }

            if (failure.Kind != FailureKind.Transient || attempt >= Attempts)
            {
                failures.Add(failure);
                return false;
            }

            progress?.Report(new FetchProgress(package, partial.Length, package.Size, FetchState.Retrying));
            TimeSpan pause = FirstPause * Math.Pow(2, attempt - 1);
            await Delay(pause < s_longestPause ? pause : s_longestPause, cancellation).ConfigureAwait(false);
        }
    }

    private static UserErrorException Explain(LockedPackage package, List<Failure> failures)
    {
        string what = $"package \"{package.Name}\" {package.Version}";
        if (failures.TrueForAll(failure => failure.Kind == FailureKind.Missing))
        {
            string tried = failures.Count == 0 ? "no location is known" : string.Join(", ", failures.Select(failure => failure.Problem));
            return new UserErrorException(
                $"{what}: \"{package.Path}\" is nowhere to be had: {tried}",
                "run imagebuilder lock to lock the versions that the archive has now, or give a snapshot archive (--snapshot URL)",
                ExitCode.Gone);
        }

        string hint = failures.Exists(failure => failure.Kind == FailureKind.Wrong)
            ? "the location serves other bytes than were locked: use another mirror, or run imagebuilder lock and review what changed"
            : "what has arrived is kept: run the command again to continue";
        return new UserErrorException($"{what}: {string.Join("; ", failures.Select(failure => failure.Problem))}", hint, ExitCode.Environment);
    }

    private static string Show(Uri location) => ArchiveMirror.Show(location);

    private enum FailureKind
    {
        Missing,
        Transient,
        Permanent,
        Wrong,
    }

    private sealed record Failure(FailureKind Kind, string Problem);
}
