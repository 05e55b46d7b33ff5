using Amazon.EC2.Model;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Aws;
using Mantle.ImageBuilder.Publishing.Ebs;
using Mantle.ImageBuilder.Publishing.Images;
using Mantle.ImageBuilder.Publishing.Upload;
using Mantle.ImageBuilder.Publishing.Verification;
using Mantle.Measure;
using Mantle.Measure.Checking;

namespace Mantle.ImageBuilder.Publishing;

/// <summary>
/// Makes AMIs of a release: uploads the image, registers it, copies it, shares it, deprecates it, and notes in the release what there is. Everything is found again by
/// its content, so a second run makes nothing twice, and goes on where another has stopped.
/// </summary>
public sealed partial class Publisher : IDisposable
{
    private readonly PublishRequest _request;
    private readonly IPublishWatcher _watcher;
    private readonly Func<string, ImageService> _imagesOf;
    private readonly Func<string, IBlockService> _blocksOf;
    private readonly Retries _retries;
    private readonly PublishSteps _steps = new();
    private readonly SortedDictionary<string, ImageService> _services = new(StringComparer.Ordinal);

    internal Publisher(PublishRequest request, IPublishWatcher watcher, Func<string, ImageService> imagesOf, Func<string, IBlockService> blocksOf, Retries retries) =>
        (_request, _watcher, _imagesOf, _blocksOf, _retries) = (request, watcher, imagesOf, blocksOf, retries);

    /// <summary>A publisher that talks to EC2 and EBS of AWS, or of the endpoints that the SDK's configuration names.</summary>
    public static Publisher Connect(PublishRequest request, IPublishWatcher watcher)
    {
        Retries retries = new(Task.Delay);
        return new(request, watcher, region => ImageService.Connect(region, retries), region => EbsClient.Connect(region, request.Time), retries);
    }

    private PublishRelease Release => _request.Release;

    /// <summary>The journal of the upload: beside the release, one for each region.</summary>
    internal static string JournalOf(PublishRelease release, string region) => $"{Path.TrimEndingDirectorySeparator(release.Directory)}.upload.{region}";

    /// <summary>Publishes.</summary>
    /// <exception cref="UserErrorException">Something failed; the message says what exists, and how to go on.</exception>
    public async Task<PublishResult> RunAsync(CancellationToken cancellation)
    {
        try
        {
            return await PublishAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is CloudException or UserErrorException or OperationCanceledException)
        {
            throw _steps.Fail(e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ImageService service in _services.Values)
        {
            service.Dispose();
        }
    }

    private async Task<PublishResult> PublishAsync(CancellationToken cancellation)
    {
        RegionPlan home = await LookAsync(_request.Region, cancellation).ConfigureAwait(false);
        List<RegionPlan> copies = [];
        foreach (string region in _request.CopyTo.Where(region => region != _request.Region).Distinct())
        {
            copies.Add(await LookAsync(region, cancellation).ConfigureAwait(false));
        }

        if (home.Image is null)
        {
            home.Snapshot = await FindSnapshotAsync(home.Region, cancellation).ConfigureAwait(false);
        }

        RegionPlan[] all = [home, .. copies];
        PlanCalls(home, copies, cancellation);
        if (_steps.Calls.Count == 0)
        {
            _watcher.Say($"{Release.Label} is published as it is asked for");
            Note(all);
            return new([], IsDone: true, Published(all), null);
        }

        foreach (string call in _steps.Calls)
        {
            _watcher.Say($"to do: {call}");
        }

        if (_request.IsDryRun || !_watcher.Confirm($"publish {Release.Label} to {string.Join(", ", all.Select(plan => plan.Region))}{(_request.ShareWith.Contains(Share.Public) ? " for everybody" : "")}?"))
        {
            return new(_steps.Calls, IsDone: false, Published(all), null);
        }

        UploadResult? upload = null;
        if (home.Image is null)
        {
            upload = await UploadAsync(home, cancellation).ConfigureAwait(false);
            await RegisterAsync(home, cancellation).ConfigureAwait(false);
            Note(home);
        }

        foreach (RegionPlan copy in copies.Where(copy => copy.Image is null))
        {
            await CopyAsync(home, copy, cancellation).ConfigureAwait(false);
        }

        foreach (RegionPlan plan in all)
        {
            if (plan.IsNew)
            {
                await WaitAsync(plan, cancellation).ConfigureAwait(false);
                await RequireSameAsync(plan.Service, plan.Image!, "EC2 has made it otherwise than the release", "deregister it, and report it: nothing was shared", cancellation).ConfigureAwait(false);
            }

            await ShareAndDeprecateAsync(plan, cancellation).ConfigureAwait(false);
            Note(plan);
        }

        File.Delete(JournalOf(Release, home.Region));
        return new(_steps.Calls, IsDone: true, Published(all), upload);
    }

    private ImageService ServiceOf(string region)
    {
        if (!_services.TryGetValue(region, out ImageService? service))
        {
            _services.Add(region, service = _imagesOf(region));
        }

        return service;
    }

    /// <summary>What there is in a region already.</summary>
    private async Task<RegionPlan> LookAsync(string region, CancellationToken cancellation)
    {
        ImageService service = ServiceOf(region);
        RegionPlan plan = new(region, service) { Image = await service.FindImageByNameAsync(Release.ImageName, cancellation).ConfigureAwait(false) };
        SortedSet<string> shared = [];
        if (plan.Image is { } image)
        {
            plan.IsNew = image.State == Amazon.EC2.ImageState.Pending;
            _steps.Made($"{image.ImageId} in {region}");
            await RequireSameAsync(service, image, "it has the release's name and is another", "look who made it; deregister it", cancellation).ConfigureAwait(false);
            plan.Snapshot = AmiShape.SnapshotOf(image);
            shared = await service.ReadLaunchPermissionsAsync(image.ImageId, cancellation).ConfigureAwait(false);
        }

        plan.Shared.UnionWith(shared);
        plan.Unshared.UnionWith(_request.ShareWith.Except(shared));
        plan.Deprecates = _request.DeprecateAt is { } at && (plan.Image?.DeprecationTime is not { Length: > 0 } text
            || !DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out DateTimeOffset known) || known != at);
        return plan;
    }

    /// <summary>An AMI that is registered otherwise than the release is no failure to hide, whoever made it.</summary>
    private async Task RequireSameAsync(ImageService service, Image image, string problem, string hint, CancellationToken cancellation)
    {
        CheckReport report = new();
        AmiShape.Check(report, image, Release);
        AmiShape.CheckVariables(report, await service.ReadUefiDataAsync(image.ImageId, cancellation).ConfigureAwait(false), Release);
        string[] wrong = [.. report.Checks.Where(check => check.Outcome == CheckOutcome.Fail && (check.Id != "state" || image.State != Amazon.EC2.ImageState.Pending)).Select(check => $"{check.Id}: {check.Evidence}")];
        if (wrong.Length > 0)
        {
            throw new UserErrorException(
                $"{service.Region}: {image.ImageId}: {problem}: {string.Join("; ", wrong)}", hint, ExitCode.Mismatch);
        }
    }

    /// <summary>A completed snapshot of the image, or null. A tag is anybody's word, so its bytes are read back before anything is registered of it.</summary>
    private async Task<string?> FindSnapshotAsync(string region, CancellationToken cancellation)
    {
        List<Snapshot> found = await ServiceOf(region).ListSnapshotsAsync(PublishRelease.ImageTag, Release.ImageSha256, cancellation).ConfigureAwait(false);
        Snapshot? first = found.Where(snapshot => snapshot.State == Amazon.EC2.SnapshotState.Completed).OrderBy(snapshot => snapshot.SnapshotId, StringComparer.Ordinal).FirstOrDefault();
        if (first is not null)
        {
            _steps.Made($"{first.SnapshotId} in {region}");
            using IBlockService service = _blocksOf(region);
            await ReadBack.RequireAsync(service, _retries, first.SnapshotId, first.VolumeSize ?? 0, Release.Image, cancellation).ConfigureAwait(false);
        }

        return first?.SnapshotId;
    }

    private void PlanCalls(RegionPlan home, List<RegionPlan> copies, CancellationToken cancellation)
    {
        if (home.Image is null)
        {
            if (home.Snapshot is null)
            {
                BlockPlan blocks = new(Release.Image);
                string count = "";
                if (_request.IsDryRun)
                {
                    blocks.Scan(Environment.ProcessorCount, cancellation);
                    count = $"{blocks.Written} × ";
                }

                _steps.Plan($"{home.Region}: StartSnapshot, {blocks.VolumeSize} GiB");
                _steps.Plan($"{home.Region}: {count}PutSnapshotBlock, the blocks of {PrintedText.Megabytes(Release.Image.Length)} that are not zero");
                _steps.Plan($"{home.Region}: CompleteSnapshot");
            }

            _steps.Plan($"{home.Region}: RegisterImage {Release.ImageName}");
        }

        foreach (RegionPlan copy in copies.Where(copy => copy.Image is null))
        {
            _steps.Plan($"{copy.Region}: CopyImage from {home.Region}");
        }

        foreach (RegionPlan plan in (IEnumerable<RegionPlan>)[home, .. copies])
        {
            if (plan.Unshared.Count > 0)
            {
                _steps.Plan($"{plan.Region}: ModifyImageAttribute, launch permission for {string.Join(", ", plan.Unshared)}");
            }

            if (plan.Deprecates)
            {
                _steps.Plan($"{plan.Region}: EnableImageDeprecation at {PrintedText.Time(_request.DeprecateAt!.Value.ToUnixTimeSeconds())}");
            }
        }
    }

    private static IReadOnlyList<PublishedImage> Published(IEnumerable<RegionPlan> plans) =>
        [.. plans.Where(plan => plan.Image is not null).Select(plan => new PublishedImage(plan.Region, plan.Image!.ImageId, plan.Snapshot ?? "", plan.Image.OwnerId, [.. plan.Shared]))];

    private void Note(params IEnumerable<RegionPlan> plans)
    {
        if (!_request.IsDryRun)
        {
            AmiDocument.Write(Release, [.. Published(plans).Where(image => image.Snapshot.Length > 0)]);
        }
    }

    /// <summary>What there is, and is to be, in a region.</summary>
    private sealed class RegionPlan(string region, ImageService service)
    {
        public string Region { get; } = region;

        public ImageService Service { get; } = service;

        public Image? Image { get; set; }

        public string? Snapshot { get; set; }

        /// <summary>Whether it may not be available yet.</summary>
        public bool IsNew { get; set; }

        public SortedSet<string> Shared { get; } = new(StringComparer.Ordinal);

        public SortedSet<string> Unshared { get; } = new(StringComparer.Ordinal);

        public bool Deprecates { get; set; }
    }
}
