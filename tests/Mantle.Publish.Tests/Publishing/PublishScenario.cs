using Mantle.Emulator.Ec2.Images;
using Mantle.ImageBuilder.Publishing;
using Mantle.ImageBuilder.Publishing.Upload;
using Mantle.Measure;
using Mantle.Measure.Release;
using Mantle.Measure.Tests.Release;
using Mantle.Testing;

namespace Mantle.Publish.Tests.Publishing;

/// <summary>A release of a few megabytes, verified, and somebody who publishes it.</summary>
internal sealed class PublishScenario : IAsyncDisposable, IPublishWatcher
{
    private readonly TemporaryFolder _folder = new();

    private PublishScenario(PublishCloud cloud)
    {
        Cloud = cloud;
        TestRelease.Sound().Write(_folder);
        Release = PublishRelease.Of(ReleaseVerification.Verify(_folder.Root, new()
        {
            Policy = Mantle.Measure.Release.Policy.ReleasePolicyReader.Parse("release.yaml", TestRelease.Policy(), _ => null),
            At = TestRelease.At,
        }).Require());
    }

    public PublishCloud Cloud { get; }

    public PublishRelease Release { get; }

    public string Directory => _folder.Root;

    public List<string> Said { get; } = [];

    public Func<bool> Answer { get; set; } = () => true;

    public string[] CopyTo { get; set; } = [];

    public string[] ShareWith { get; set; } = [];

    public DateTimeOffset? DeprecateAt { get; set; }

    public EmulatedImage Image => Cloud.Service.Images.Single(image => image.Region == PublishCloud.Region);

    public static async Task<PublishScenario> StartAsync() => new(await PublishCloud.StartAsync());

    public static async Task<PublishScenario> PublishedAsync(params string[] copyTo)
    {
        PublishScenario scenario = await StartAsync();
        scenario.CopyTo = copyTo;
        Assert.True((await scenario.PublishAsync()).IsDone);
        return scenario;
    }

    public async Task<PublishResult> PublishAsync(bool isDryRun = false, CancellationToken cancellation = default)
    {
        PublishRequest request = new()
        {
            Release = Release, Region = PublishCloud.Region, CopyTo = CopyTo, ShareWith = ShareWith, DeprecateAt = DeprecateAt, IsDryRun = isDryRun, Time = TimeProvider.System,
        };
        using Publisher publisher = new(request, this, region => Cloud.Images(region), region => Cloud.Blocks(region), Cloud.Retries);
        return await publisher.RunAsync(cancellation);
    }

    public async Task<UserErrorException> FailAsync(int code = ExitCode.Remote)
    {
        UserErrorException e = await Assert.ThrowsAsync<UserErrorException>(() => PublishAsync());
        Assert.True(e.Code == code, $"exit code {e.Code}: {e.Message}");
        return e;
    }

    /// <summary>The release is still verified with what publishing has written into it.</summary>
    public void AssertReleaseStillHolds() => Assert.Equal(Measure.Checking.Verdict.Holds, ReleaseVerification.Verify(_folder.Root, new()
    {
        Policy = Mantle.Measure.Release.Policy.ReleasePolicyReader.Parse("release.yaml", TestRelease.Policy(), _ => null),
        At = TestRelease.At,
    }).Report.Verdict);

    public void AssertStored()
    {
        byte[] expected = Release.Image.ToArray();
        foreach (EmulatedImage image in Cloud.Service.Images)
        {
            EmulatedDevice device = Assert.Single(image.Devices);
            byte[] stored = File.ReadAllBytes(Cloud.Service.Snapshots.Single(snapshot => snapshot.Id == device.Snapshot).Path);
            Assert.True(stored.AsSpan(0, Math.Min(stored.Length, expected.Length)).SequenceEqual(expected.AsSpan(0, Math.Min(stored.Length, expected.Length))));
            Assert.False(expected.AsSpan(Math.Min(stored.Length, expected.Length)).ContainsAnyExcept((byte)0));
            Assert.False(stored.AsSpan(Math.Min(stored.Length, expected.Length)).ContainsAnyExcept((byte)0));
        }
    }

    public void Say(string line) => Said.Add(line);

    public bool Confirm(string question)
    {
        Said.Add(question);
        return Answer();
    }

    public Task<T> ShowAsync<T>(Func<IProgress<UploadProgress>, Task<T>> work) => work(new Deaf());

    public async ValueTask DisposeAsync()
    {
        await Cloud.DisposeAsync();
        foreach (string left in System.IO.Directory.GetFiles(Path.GetDirectoryName(_folder.Root)!, Path.GetFileName(_folder.Root) + ".*"))
        {
            File.Delete(left);
        }

        _folder.Dispose();
    }

    private sealed class Deaf : IProgress<UploadProgress>
    {
        public void Report(UploadProgress value)
        {
        }
    }
}
