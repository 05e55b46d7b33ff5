using System.Collections.Concurrent;
using Mantle.ImageBuilder.Packages;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Tests.Packages.Cache;

public class PackageFetcherTests
{
    [Theory]
    [InlineData(Answer.Ok, 1)]
    [InlineData(Answer.WithoutLength, 1)]
    [InlineData(Answer.EndlessWithoutLength, 1)]
    [InlineData(Answer.Truncate, 2)]
    [InlineData(Answer.Stall, 2)]
    [InlineData(Answer.Unavailable, 2)]
    [InlineData(Answer.Nothing, 2)]
    public async Task A_server_that_recovers_gives_the_package(Answer first, int requests)
    {
        using CachedPackages packages = new();
        using LoopbackServer server = new();
        server.Serve("x.deb", packages.Deb, first, Answer.Ok);

        await packages.FetchAsync(server["x.deb"]);

        Assert.Equal(packages.Deb, File.ReadAllBytes(packages.BlobPath));
        Assert.Equal(requests, server.Requests.Count);
        Assert.Equal(packages.Content, packages.Cache.Open(packages.Package).Files.Root.Children["usr"].Children["tool"].Content.ToArray());
    }

    [Fact]
    public async Task A_broken_download_continues_where_it_broke()
    {
        using CachedPackages packages = new();
        using LoopbackServer server = new();
        server.Serve("x.deb", packages.Deb, Answer.Truncate, Answer.Truncate, Answer.Ok);

        await packages.FetchAsync(server["x.deb"]);

        int half = packages.Deb.Length / 2;
        Assert.Equal(["", $"bytes={half}-", $"bytes={half + ((packages.Deb.Length - half) / 2)}-"], server.Requests.Select(request => request.Range));
    }

    [Fact]
    public async Task A_download_of_an_earlier_run_is_continued()
    {
        using CachedPackages packages = new();
        using LoopbackServer server = new();
        server.Serve("x.deb", packages.Deb, Answer.Truncate, Answer.Forbidden);
        await Assert.ThrowsAsync<UserErrorException>(() => packages.FetchAsync(server["x.deb"]));
        packages.Reopen();
        server.Serve("x.deb", packages.Deb, Answer.Ok);

        await packages.FetchAsync(server["x.deb"]);

        Assert.Equal($"bytes={packages.Deb.Length / 2}-", server.Requests.Last().Range);
        Assert.Equal(packages.Deb, File.ReadAllBytes(packages.BlobPath));
    }

    [Theory]
    [InlineData(Answer.Ok, 2)]
    [InlineData(Answer.IgnoreRange, 1)]
    [InlineData(Answer.OtherRange, 2)]
    [InlineData(Answer.NotSatisfiable, 2)]
    public async Task A_partial_file_that_does_not_verify_is_fetched_from_the_start(Answer first, int requests)
    {
        using CachedPackages packages = new();
        using LoopbackServer server = new();
        server.Serve("x.deb", packages.Deb, first, Answer.Ok);
        byte[] damaged = packages.Deb[..1000];
        damaged[10] ^= 1;
        File.WriteAllBytes(Path.Combine(packages.CachePath, "partial", packages.Package.Sha256 + ".0"), damaged);

        await packages.FetchAsync(server["x.deb"]);

        Assert.Equal(packages.Deb, File.ReadAllBytes(packages.BlobPath));
        Assert.Equal(requests, server.Requests.Count);
        Assert.Equal("bytes=1000-", server.Requests.First().Range);
    }

    [Fact]
    public async Task A_partial_file_that_is_whole_or_too_long_needs_no_or_a_new_download()
    {
        using CachedPackages packages = new();
        using LoopbackServer server = new();
        server.Serve("x.deb", packages.Deb, Answer.Ok);
        string partial = Path.Combine(packages.CachePath, "partial", packages.Package.Sha256 + ".0");
        File.WriteAllBytes(partial, packages.Deb);

        await packages.FetchAsync(server["x.deb"]);
        Assert.Empty(server.Requests);

        File.Delete(packages.BlobPath);
        File.WriteAllBytes(partial, [.. packages.Deb, 1]);
        packages.Reopen();
        await packages.FetchAsync(server["x.deb"]);
        Assert.Equal(packages.Deb, File.ReadAllBytes(packages.BlobPath));
    }

    [Fact]
    public async Task Wrong_bytes_are_an_error_that_says_expected_and_got_and_from_where()
    {
        using CachedPackages packages = new();
        using LoopbackServer server = new();
        server.Serve("x.deb", packages.Deb, Answer.WrongBytes);

        UserErrorException error = await Assert.ThrowsAsync<UserErrorException>(() => packages.FetchAsync(server["x.deb"]));

        byte[] wrong = [.. packages.Deb];
        wrong[^1] ^= 1;
        string got = CachedPackages.Lock("x", wrong).Sha256;
        Assert.Equal($"package \"tool\" 1.0-1: sha256 of {server["x.deb"]} is {got} where the lock says {packages.Package.Sha256}", error.Message);
        Assert.Equal(ExitCode.Environment, error.Code);
        Assert.Single(server.Requests);
        Assert.False(File.Exists(packages.BlobPath));
        server.Serve("x.deb", packages.Deb, Answer.Ok);
        await packages.FetchAsync(server["x.deb"]);
    }

    [Fact]
    public async Task A_file_of_another_size_is_refused_before_it_is_read()
    {
        using CachedPackages packages = new();
        using LoopbackServer server = new();
        server.Serve("x.deb", packages.Deb, Answer.TooLong);

        UserErrorException error = await Assert.ThrowsAsync<UserErrorException>(() => packages.FetchAsync(server["x.deb"]));

        Assert.Equal($"package \"tool\" 1.0-1: {server["x.deb"]} has {packages.Deb.Length + 1} bytes where the lock says {packages.Deb.Length}", error.Message);
    }

    [Fact]
    public async Task A_package_that_no_location_has_is_an_error_with_the_command_to_run()
    {
        using CachedPackages packages = new();
        using LoopbackServer server = new();
        server.Serve("gone.deb", packages.Deb, Answer.Gone);

        UserErrorException error = await Assert.ThrowsAsync<UserErrorException>(() =>
            packages.FetchAsync(server["missing.deb"], server["gone.deb"], new Uri(packages["nowhere.deb"])));

        Assert.StartsWith("package \"tool\" 1.0-1: \"pool/main/t/tool/tool_1.0-1_amd64.deb\" is nowhere to be had: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("run imagebuilder lock", error.Hint, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Gone, error.Code);
    }

    [Theory]
    [InlineData(Answer.Gone)]
    [InlineData(Answer.Forbidden)]
    [InlineData(Answer.WrongBytes)]
    [InlineData(Answer.TooLong)]
    [InlineData(Answer.Truncate)]
    [InlineData(Answer.Unavailable)]
    public async Task The_next_location_is_tried_after_any_failure(Answer failure)
    {
        using CachedPackages packages = new();
        using LoopbackServer server = new();
        server.Serve("mirror.deb", packages.Deb, failure);
        server.Serve("snapshot.deb", packages.Deb, Answer.Ok);

        await packages.FetchAsync(server["mirror.deb"], server["snapshot.deb"]);

        Assert.Equal(packages.Deb, File.ReadAllBytes(packages.BlobPath));
    }

    [Theory]
    [InlineData(Answer.Unavailable, "answers 503")]
    [InlineData(Answer.Silence, "sent nothing for 1.5 s")]
    [InlineData(Answer.Stall, "sent nothing for 1.5 s")]
    [InlineData(Answer.Nothing, "cannot be reached")]
    public async Task A_server_that_does_not_recover_is_an_error_after_the_attempts(Answer answer, string problem)
    {
        using CachedPackages packages = new();
        using LoopbackServer server = new();
        using HttpClient client = PackageFetcher.CreateClient();
        server.Serve("x.deb", packages.Deb, answer);
        List<TimeSpan> pauses = [];
        PackageFetcher fetcher = new(packages.Cache, client, _ => [server["x.deb"]])
        {
            Attempts = 3,
            StallLimit = TimeSpan.FromSeconds(1.5),
            FirstPause = TimeSpan.FromSeconds(5),
            Delay = (pause, _) =>
            {
                pauses.Add(pause);
                return Task.CompletedTask;
            },
        };

        UserErrorException error = await Assert.ThrowsAsync<UserErrorException>(() => fetcher.FetchAsync([packages.Package], null, CancellationToken.None));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        // The client itself asks again when a connection ends without any answer.
        Assert.InRange(server.Requests.Count, 3, answer == Answer.Nothing ? 30 : 3);
        Assert.Equal([TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(8)], pauses);
    }

    [Fact]
    public async Task Files_are_fetched_by_file_address()
    {
        using CachedPackages packages = new();
        File.WriteAllBytes(packages["x.deb"], packages.Deb);
        File.WriteAllBytes(Path.Combine(packages.CachePath, "partial", packages.Package.Sha256 + ".0"), packages.Deb[..1000]);

        await packages.FetchAsync(new Uri(packages["x.deb"]));

        Assert.Equal(packages.Deb, File.ReadAllBytes(packages.BlobPath));
    }

    [Fact]
    public async Task A_password_in_an_address_is_not_shown()
    {
        using CachedPackages packages = new();
        using LoopbackServer server = new();
        UriBuilder address = new(server["missing.deb"]) { UserName = "user", Password = "secret" };

        UserErrorException error = await Assert.ThrowsAsync<UserErrorException>(() => packages.FetchAsync(address.Uri, new Uri("ftp://user:secret@127.0.0.1/x")));

        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
        Assert.Contains("is not an http, https or file address", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_packages_are_fetched_and_progress_counts_their_bytes()
    {
        using CachedPackages packages = new();
        using LoopbackServer server = new();
        using HttpClient client = PackageFetcher.CreateClient();
        List<LockedPackage> wanted = [];
        for (int i = 0; i < 12; i++)
        {
            byte[] deb = packages.MakeDeb("tool" + i);
            wanted.Add(CachedPackages.Lock("tool" + i, deb));
            server.Serve($"{i}.deb", deb, i % 3 == 0 ? Answer.Truncate : Answer.Ok, Answer.Ok);
        }

        Recorder recorder = new();
        PackageFetcher fetcher = new(packages.Cache, client, package => [server[package.Name["tool".Length..] + ".deb"]]) { Delay = (_, _) => Task.CompletedTask };
        await fetcher.FetchAsync([.. wanted, wanted[0]], recorder, CancellationToken.None);
        await fetcher.FetchAsync(wanted, recorder, CancellationToken.None);

        Assert.Equal(16, server.Requests.Count);
        Assert.Equal(12, recorder.Reports.Count(report => report.State == FetchState.Fetched));
        Assert.Equal(12, recorder.Reports.Count(report => report.State == FetchState.Cached));
        Assert.Equal(4, recorder.Reports.Count(report => report.State == FetchState.Retrying));
        Assert.All(recorder.Reports, report => Assert.InRange(report.Done, 0, report.Total));
    }

    [Fact]
    public async Task One_package_that_fails_ends_the_fetch_with_its_error()
    {
        using CachedPackages packages = new();
        using LoopbackServer server = new();
        using HttpClient client = PackageFetcher.CreateClient();
        LockedPackage other = CachedPackages.Lock("other", packages.MakeDeb("other"));
        server.Serve("tool", packages.Deb, Answer.Silence);
        PackageFetcher fetcher = new(packages.Cache, client, package => [server[package.Name]]) { StallLimit = TimeSpan.FromMinutes(5) };

        UserErrorException error = await Assert.ThrowsAsync<UserErrorException>(() => fetcher.FetchAsync([packages.Package, other], null, CancellationToken.None));

        Assert.StartsWith("package \"other\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancellation_ends_a_stalled_fetch()
    {
        using CachedPackages packages = new();
        using LoopbackServer server = new();
        using HttpClient client = PackageFetcher.CreateClient();
        using CancellationTokenSource cancellation = new();
        server.Serve("x.deb", packages.Deb, Answer.Stall);
        Recorder recorder = new();
        PackageFetcher fetcher = new(packages.Cache, client, _ => [server["x.deb"]]) { StallLimit = TimeSpan.FromMinutes(5) };
        Task fetch = fetcher.FetchAsync([packages.Package], recorder, cancellation.Token);
        await recorder.First.Task;

        cancellation.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetch);
        server.Serve("x.deb", packages.Deb, Answer.Ok);
        await packages.FetchAsync(server["x.deb"]);
        Assert.NotEqual("", server.Requests.Last().Range);
    }

    [Fact]
    public async Task Two_builds_may_fetch_the_same_package_into_the_same_cache_at_once()
    {
        using CachedPackages packages = new();
        using LoopbackServer server = new();
        using HttpClient client = PackageFetcher.CreateClient();
        server.Serve("x.deb", packages.Deb, Answer.Truncate, Answer.Ok);
        await Parallel.ForAsync(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, cancellation) =>
        {
            using PackageCache cache = new(packages.CachePath);
            PackageFetcher fetcher = new(cache, client, _ => [server["x.deb"]]) { Delay = (_, _) => Task.CompletedTask };
            await fetcher.FetchAsync([packages.Package], null, cancellation);
            Assert.Equal(packages.Content, cache.Open(packages.Package).Files.Root.Children["usr"].Children["tool"].Content.ToArray());
        });

        Assert.Equal(packages.Deb, File.ReadAllBytes(packages.BlobPath));
    }

    private sealed class Recorder : IProgress<FetchProgress>
    {
        public ConcurrentQueue<FetchProgress> Reports { get; } = new();

        public TaskCompletionSource First { get; } = new();

        public void Report(FetchProgress value)
        {
            Reports.Enqueue(value);
            First.TrySetResult();
        }
    }
}
