using Amazon.EC2.Model;
using Mantle.Formats.Tpm;
using Mantle.ImageBuilder.Aws;
using Mantle.ImageBuilder.Publishing.Images;
using Mantle.Measure;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Plans;
using Mantle.Measure.Release.Ledger;

namespace Mantle.ImageBuilder.Publishing.Lifecycle;

/// <summary>What was published in some regions, beside ledger and key policy; and what is done with it afterwards.</summary>
public sealed partial class AmiInventory : IDisposable
{
    private readonly IReadOnlyList<ImageService> _services;
    private readonly ReleaseLedger? _ledger;
    private readonly BindingPlan? _plan;
    private readonly List<AmiRecord> _images = [];
    private readonly List<SnapshotRecord> _snapshots = [];

    internal AmiInventory(IReadOnlyList<ImageService> services, ReleaseLedger? ledger, BindingPlan? plan) => (_services, _ledger, _plan) = (services, ledger, plan);

    /// <summary>The AMIs of releases, by region, newest release first.</summary>
    public IReadOnlyList<AmiRecord> Images => _images;

    /// <summary>The snapshots of releases, by region.</summary>
    public IReadOnlyList<SnapshotRecord> Snapshots => _snapshots;

    /// <summary>Releases of the ledger of which there is no AMI in these regions.</summary>
    public IReadOnlyList<LedgerEntry> Unpublished =>
        [.. (_ledger?.Entries ?? []).Where(entry => entry.Event == LedgerEvent.Released && !_images.Exists(image => image.Statement == entry.Statement))];

    /// <summary>Reads what there is.</summary>
    /// <param name="regions">The regions.</param>
    /// <param name="ledger">The ledger, or null.</param>
    /// <param name="plan">The plan of the key policy, or null.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="UserErrorException">EC2 fails or refuses; exit code 5.</exception>
    public static async Task<AmiInventory> ReadAsync(IReadOnlyList<string> regions, ReleaseLedger? ledger, BindingPlan? plan, CancellationToken cancellation)
    {
        Retries retries = new(Task.Delay);
        try
        {
            return await ReadAsync([.. regions.Select(region => ImageService.Connect(region, retries))], ledger, plan, cancellation).ConfigureAwait(false);
        }
        catch (CloudException e)
        {
            throw e.ToUserError();
        }
    }

    internal static async Task<AmiInventory> ReadAsync(IReadOnlyList<ImageService> services, ReleaseLedger? ledger, BindingPlan? plan, CancellationToken cancellation)
    {
        AmiInventory inventory = new(services, ledger, plan);
        foreach (ImageService service in services)
        {
            await inventory.ReadAsync(service, cancellation).ConfigureAwait(false);
        }

        return inventory;
    }

    /// <summary>The generation of the plan that has a release's registers, as the ledger has them; null: none.</summary>
    public PlanGeneration? GenerationOf(string statement) => GenerationOf(statement, null);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ImageService service in _services)
        {
            service.Dispose();
        }
    }

    private async Task ReadAsync(ImageService service, CancellationToken cancellation)
    {
        List<Image> images = await service.ListImagesAsync(PublishRelease.ReleaseTag, null, cancellation).ConfigureAwait(false);
        foreach (Image image in images.OrderByDescending(image => image.CreationDate, StringComparer.Ordinal).ThenBy(image => image.ImageId, StringComparer.Ordinal))
        {
            string statement = TagOf(image.Tags, PublishRelease.ReleaseTag);
            _images.Add(new()
            {
                Region = service.Region,
                Id = image.ImageId,
                State = image.State?.Value ?? "",
                Statement = statement,
                Label = $"{TagOf(image.Tags, "mantle:name")} {TagOf(image.Tags, "mantle:version")}",
                Deprecated = image.DeprecationTime is { Length: > 0 } time ? time : null,
                SharedWith = [.. await service.ReadLaunchPermissionsAsync(image.ImageId, cancellation).ConfigureAwait(false)],
                Ledger = _ledger?.StateOf(statement),
                Generation = GenerationOf(statement, image.Tags),
            });
        }

        foreach (Snapshot snapshot in (await service.ListSnapshotsAsync(PublishRelease.ImageTag, null, cancellation).ConfigureAwait(false)).OrderBy(snapshot => snapshot.SnapshotId, StringComparer.Ordinal))
        {
            string statement = TagOf(snapshot.Tags, PublishRelease.ReleaseTag);
            string? user = images.Find(image => image.BlockDeviceMappings?.Exists(device => device.Ebs?.SnapshotId == snapshot.SnapshotId) == true)?.ImageId;
            _snapshots.Add(new(service.Region, snapshot.SnapshotId, snapshot.State?.Value ?? "", statement, _ledger?.StateOf(statement), user));
        }
    }

    private ImageService ServiceOf(string region) => _services.First(service => service.Region == region);

    /// <summary>By the registers that the ledger has of the release; by those in the tags, where the ledger does not have it.</summary>
    private PlanGeneration? GenerationOf(string statement, List<Tag>? tags)
    {
        if (_plan is null)
        {
            return null;
        }

        LedgerEntry? entry = _ledger?.ReleaseOf(statement);
        string? Value(int pcr, bool isOn) => entry is null ? TagOf(tags, $"{PublishRelease.PcrTag}{pcr}")
            : (isOn ? entry.WithSecureBoot : entry.WithoutSecureBoot)!.Banks.TryGetValue(TpmAlgorithm.Sha384, out IReadOnlyDictionary<int, TpmDigest>? bank) && bank.TryGetValue(pcr, out TpmDigest value) ? value.ToString() : null;
        return _plan.Generations.FirstOrDefault(generation => ((bool[])[true, false]).Any(isOn => AttestedPcrs.Bound.All(pcr => generation.Pcrs.Values.GetValueOrDefault(pcr) is { } bound && bound == Value(pcr, isOn))));
    }

    private static string TagOf(List<Tag>? tags, string key) => tags?.Find(tag => tag.Key == key)?.Value ?? "";
}
