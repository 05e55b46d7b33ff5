using Amazon.EC2;
using Amazon.EC2.Model;
using Mantle.ImageBuilder.Publishing.Ebs;
using Mantle.ImageBuilder.Publishing.Images;
using Mantle.ImageBuilder.Publishing.Upload;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Publishing;

/// <summary>The calls that make something.</summary>
public sealed partial class Publisher
{
    /// <summary>Looks at something that is on its way: the waits grow from 2 to 15 seconds, an hour and a half in all.</summary>
    private const int Looks = 360;

    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(15);

    private async Task<UploadResult?> UploadAsync(RegionPlan home, CancellationToken cancellation)
    {
        if (home.Snapshot is not null)
        {
            return null;
        }

        UploadResult result;
        using (IBlockService blocks = _blocksOf(home.Region))
        {
            SnapshotUploader uploader = new(blocks, async (id, stop) => (await home.Service.FindSnapshotAsync(id, stop).ConfigureAwait(false))?.State.Value, _retries, _request.Time) { Parallel = _request.Parallel };
            UploadRequest request = new()
            {
                Image = Release.Image,
                ImageSha256 = Release.ImageSha256,
                Description = $"{Release.Label}, image {Release.ImageSha256}",
                Tags = Release.SnapshotTags,
                JournalPath = JournalOf(Release, home.Region),
            };
            result = await _watcher.ShowAsync(progress => uploader.UploadAsync(request, new Noting(progress, this, home), cancellation)).ConfigureAwait(false);
        }

        home.Snapshot = result.Snapshot;
        _steps.Made($"{result.Snapshot} in {home.Region}");
        await WaitForSnapshotAsync(home, cancellation).ConfigureAwait(false);
        _steps.Complete();
        _steps.Complete();
        _steps.Complete();
        return result;
    }

    private async Task RegisterAsync(RegionPlan home, CancellationToken cancellation)
    {
        string id = await home.Service.RegisterAsync(AmiShape.Register(Release, home.Snapshot!), cancellation).ConfigureAwait(false);
        _steps.Made($"{id} in {home.Region}");
        _steps.Complete();

        // Copies can be made of what is available only.
        home.Image = new() { ImageId = id };
        await WaitAsync(home, cancellation).ConfigureAwait(false);
        await RequireSameAsync(home.Service, home.Image, "EC2 has made it otherwise than the release", "deregister it, and report it: nothing was shared", cancellation).ConfigureAwait(false);
    }

    private async Task CopyAsync(RegionPlan home, RegionPlan copy, CancellationToken cancellation)
    {
        if (home.IsNew)
        {
            await WaitAsync(home, cancellation).ConfigureAwait(false);
        }

        CopyImageRequest request = new()
        {
            Name = Release.ImageName,
            Description = $"{Release.Label}, release {Release.Statement}",
            SourceImageId = home.Image!.ImageId,
            SourceRegion = home.Region,
            ClientToken = $"mantle-{home.Image.ImageId}",
            TagSpecifications =
            [
                new() { ResourceType = ResourceType.Image, Tags = [.. Release.Tags.Select(tag => new Tag(tag.Key, tag.Value))] },
                new() { ResourceType = ResourceType.Snapshot, Tags = [.. Release.SnapshotTags.Select(tag => new Tag(tag.Key, tag.Value))] },
            ],
        };
        string id = await copy.Service.CopyAsync(request, cancellation).ConfigureAwait(false);
        _steps.Made($"{id} in {copy.Region}");
        _steps.Complete();
        copy.Image = new() { ImageId = id };
        copy.IsNew = true;
    }

    private async Task ShareAndDeprecateAsync(RegionPlan plan, CancellationToken cancellation)
    {
        if (plan.Unshared.Count > 0)
        {
            await plan.Service.ShareAsync(plan.Image!.ImageId, plan.Unshared, [], cancellation).ConfigureAwait(false);
            plan.Shared.UnionWith(plan.Unshared);
            _steps.Complete();
        }

        if (plan.Deprecates)
        {
            await plan.Service.DeprecateAsync(plan.Image!.ImageId, _request.DeprecateAt!.Value, cancellation).ConfigureAwait(false);
            _steps.Complete();
        }
    }

    /// <summary>Waits until the AMI is available, and reads it.</summary>
    private static async Task WaitAsync(RegionPlan plan, CancellationToken cancellation)
    {
        for (int look = 1; ; look++)
        {
            Image? image = await plan.Service.FindImageAsync(plan.Image!.ImageId, cancellation).ConfigureAwait(false);
            if (image?.State == ImageState.Available)
            {
                plan.Image = image;
                plan.Snapshot = AmiShape.SnapshotOf(image) ?? plan.Snapshot;
                plan.IsNew = false;
                return;
            }

            if (image is not null && image.State != ImageState.Pending)
            {
                throw new UserErrorException($"{plan.Region}: {image.ImageId} is {image.State}: {image.StateReason?.Message ?? "EC2 says no more"}", "deregister it", ExitCode.Remote);
            }

            await LookAgainAsync(look, $"{plan.Region}: {plan.Image.ImageId} is still not available", plan.Service, cancellation).ConfigureAwait(false);
        }
    }

    private static async Task WaitForSnapshotAsync(RegionPlan home, CancellationToken cancellation)
    {
        for (int look = 1; ; look++)
        {
            Snapshot? snapshot = await home.Service.FindSnapshotAsync(home.Snapshot!, cancellation).ConfigureAwait(false);
            if (snapshot?.State == SnapshotState.Completed)
            {
                return;
            }

            if (snapshot?.State == SnapshotState.Error)
            {
                throw new UserErrorException($"{home.Region}: EBS could not complete {home.Snapshot}: {snapshot.StateMessage}", "another run starts another snapshot", ExitCode.Remote);
            }

            await LookAgainAsync(look, $"{home.Region}: {home.Snapshot} is still not completed", home.Service, cancellation).ConfigureAwait(false);
        }
    }

    private static async Task LookAgainAsync(int look, string problem, ImageService service, CancellationToken cancellation)
    {
        if (look == Looks)
        {
            throw new UserErrorException(problem, "wait", ExitCode.Remote);
        }

        await service.DelayAsync(TimeSpan.FromSeconds(Math.Min(1 + look, s_longestWait.TotalSeconds)), cancellation).ConfigureAwait(false);
    }

    /// <summary>Notes the snapshot as soon as there is one: a failure has to name it.</summary>
    private sealed class Noting(IProgress<UploadProgress> inner, Publisher publisher, RegionPlan home) : IProgress<UploadProgress>
    {
        private int _isNoted;

        public void Report(UploadProgress value)
        {
            if (Interlocked.Exchange(ref _isNoted, 1) == 0)
            {
                lock (publisher._steps)
                {
                    publisher._steps.Made($"{value.Snapshot} in {home.Region}");
                }
            }

            inner.Report(value);
        }
    }
}
