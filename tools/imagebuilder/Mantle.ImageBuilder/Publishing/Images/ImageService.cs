using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Mantle.ImageBuilder.Aws;

namespace Mantle.ImageBuilder.Publishing.Images;

/// <summary>
/// EC2 of a region, call by call, on AWS's own client. Every call here may be repeated: AMI names are unique and copies have client tokens, so what a lost answer
/// has left is found instead of made a second time.
/// </summary>
internal sealed class ImageService : IDisposable
{
    private readonly IAmazonEC2 _client;
    private readonly Retries _retries;

    /// <param name="region">The region.</param>
    /// <param name="client">A client that does not try again by itself.</param>
    /// <param name="retries">Waits.</param>
    public ImageService(string region, IAmazonEC2 client, Retries retries) => (Region, _client, _retries) = (region, client, retries);

    /// <summary>The region.</summary>
    public string Region { get; }

    /// <summary>EC2 of a region, with the credentials and the endpoint that the SDK finds.</summary>
    /// <exception cref="CloudException">There are no credentials.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "the service owns the client")]
    public static ImageService Connect(string region, Retries retries)
    {
        try
        {
            return new(region, new OneTry(AwsConfiguration.In(new AmazonEC2Config(), region)), retries);
        }
        catch (AmazonClientException problem)
        {
            throw CloudErrors.Of($"{region}: sign-in", problem);
        }
    }

    /// <summary>Waits.</summary>
    public Task DelayAsync(TimeSpan time, CancellationToken cancellation) => _retries.DelayAsync(time, cancellation);

    /// <summary>A snapshot, or null when there is none.</summary>
    public async Task<Snapshot?> FindSnapshotAsync(string id, CancellationToken cancellation) =>
        (await FindAsync(() => RunAsync("DescribeSnapshots", client => client.DescribeSnapshotsAsync(new() { SnapshotIds = [id] }, cancellation), cancellation)).ConfigureAwait(false))?.Snapshots?.FirstOrDefault();

    /// <summary>The account's snapshots with a tag.</summary>
    public Task<List<Snapshot>> ListSnapshotsAsync(string tag, string? value, CancellationToken cancellation) => ListAsync(
        "DescribeSnapshots",
        async (client, token) =>
        {
            DescribeSnapshotsResponse page = await client.DescribeSnapshotsAsync(new() { OwnerIds = ["self"], Filters = [Tagged(tag, value)], NextToken = token }, cancellation).ConfigureAwait(false);
            return (page.Snapshots, page.NextToken);
        },
        cancellation);

    /// <summary>An image, or null when there is none that these credentials may see.</summary>
    public async Task<Image?> FindImageAsync(string id, CancellationToken cancellation) =>
        (await FindAsync(() => RunAsync("DescribeImages", client => client.DescribeImagesAsync(new() { ImageIds = [id], IncludeDeprecated = true }, cancellation), cancellation)).ConfigureAwait(false))?.Images?.FirstOrDefault();

    /// <summary>The account's image of that name, or null. Names are unique in account and region.</summary>
    public async Task<Image?> FindImageByNameAsync(string name, CancellationToken cancellation) =>
        (await ListImagesAsync(new Filter("name", [name]), cancellation).ConfigureAwait(false)).FirstOrDefault();

    /// <summary>The account's images with a tag.</summary>
    public Task<List<Image>> ListImagesAsync(string tag, string? value, CancellationToken cancellation) => ListImagesAsync(Tagged(tag, value), cancellation);

    /// <summary>Registers an image. When the name is taken, the image of that name is what a lost answer has left, or another: the caller looks.</summary>
    public async Task<string> RegisterAsync(RegisterImageRequest request, CancellationToken cancellation)
    {
        try
        {
            return (await RunAsync("RegisterImage", client => client.RegisterImageAsync(request, cancellation), cancellation, waitsForVisibility: true).ConfigureAwait(false)).ImageId;
        }
        catch (CloudException e) when (e.Code == "InvalidAMIName.Duplicate")
        {
            if ((await FindImageByNameAsync(request.Name, cancellation).ConfigureAwait(false))?.ImageId is { } found)
            {
                return found;
            }

            throw;
        }
    }

    /// <summary>Copies an image from another region to this one.</summary>
    public async Task<string> CopyAsync(CopyImageRequest request, CancellationToken cancellation) =>
        (await RunAsync("CopyImage", client => client.CopyImageAsync(request, cancellation), cancellation, waitsForVisibility: true).ConfigureAwait(false)).ImageId;

    /// <summary>Who may launch an image: account numbers, and <c>public</c>.</summary>
    public async Task<SortedSet<string>> ReadLaunchPermissionsAsync(string image, CancellationToken cancellation) =>
        new(((await ReadAttributeAsync(image, ImageAttributeName.LaunchPermission, cancellation).ConfigureAwait(false)).LaunchPermissions ?? []).Select(Share.Of), StringComparer.Ordinal);

    /// <summary>The variable blob of an image, the text that it was registered with; null: none.</summary>
    public async Task<string?> ReadUefiDataAsync(string image, CancellationToken cancellation) =>
        (await ReadAttributeAsync(image, ImageAttributeName.UefiData, cancellation).ConfigureAwait(false)).UefiData is { Length: > 0 } text ? text : null;

    /// <summary>Adds and removes launch permissions.</summary>
    public Task ShareAsync(string image, IEnumerable<string> add, IEnumerable<string> remove, CancellationToken cancellation) => RunAsync(
        "ModifyImageAttribute",
        client => client.ModifyImageAttributeAsync(
            new()
            {
                ImageId = image,
                LaunchPermission = new() { Add = [.. add.Select(Share.Permission)], Remove = [.. remove.Select(Share.Permission)] },
            },
            cancellation),
        cancellation,
        waitsForVisibility: true);

    /// <summary>Says from when on an image is deprecated.</summary>
    public Task DeprecateAsync(string image, DateTimeOffset at, CancellationToken cancellation) => RunAsync(
        "EnableImageDeprecation", client => client.EnableImageDeprecationAsync(new() { ImageId = image, DeprecateAt = at.UtcDateTime }, cancellation), cancellation, waitsForVisibility: true);

    /// <summary>Tags images and snapshots.</summary>
    public Task TagAsync(IEnumerable<string> resources, IEnumerable<KeyValuePair<string, string>> tags, CancellationToken cancellation) => RunAsync(
        "CreateTags", client => client.CreateTagsAsync(new CreateTagsRequest { Resources = [.. resources], Tags = [.. tags.Select(tag => new Tag(tag.Key, tag.Value))] }, cancellation), cancellation, waitsForVisibility: true);

    /// <summary>Deregisters an image. One that is gone is fine.</summary>
    public async Task DeregisterAsync(string image, CancellationToken cancellation) =>
        await FindAsync(() => RunAsync("DeregisterImage", client => client.DeregisterImageAsync(new() { ImageId = image }, cancellation), cancellation)).ConfigureAwait(false);

    /// <summary>Deletes a snapshot. One that is gone is fine.</summary>
    public async Task DeleteSnapshotAsync(string snapshot, CancellationToken cancellation) =>
        await FindAsync(() => RunAsync("DeleteSnapshot", client => client.DeleteSnapshotAsync(new() { SnapshotId = snapshot }, cancellation), cancellation)).ConfigureAwait(false);

    /// <summary>Whether the account's serial console is switched on in this region.</summary>
    public async Task<bool> ReadSerialConsoleAsync(CancellationToken cancellation) =>
        (await RunAsync("GetSerialConsoleAccessStatus", client => client.GetSerialConsoleAccessStatusAsync(new(), cancellation), cancellation).ConfigureAwait(false)).SerialConsoleAccessEnabled == true;

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private static Filter Tagged(string tag, string? value) => value is null ? new Filter("tag-key", [tag]) : new Filter($"tag:{tag}", [value]);

    private Task<List<Image>> ListImagesAsync(Filter filter, CancellationToken cancellation) => ListAsync(
        "DescribeImages",
        async (client, token) =>
        {
            DescribeImagesResponse page = await client.DescribeImagesAsync(new() { Owners = ["self"], Filters = [filter], IncludeDeprecated = true, NextToken = token }, cancellation).ConfigureAwait(false);
            return (page.Images, page.NextToken);
        },
        cancellation);

    private async Task<ImageAttribute> ReadAttributeAsync(string image, ImageAttributeName attribute, CancellationToken cancellation) => (await RunAsync(
        "DescribeImageAttribute", client => client.DescribeImageAttributeAsync(new() { ImageId = image, Attribute = attribute }, cancellation), cancellation, waitsForVisibility: true).ConfigureAwait(false)).ImageAttribute;

    private async Task<List<T>> ListAsync<T>(string operation, Func<IAmazonEC2, string?, Task<(List<T>? Items, string? Next)>> page, CancellationToken cancellation)
    {
        List<T> all = [];
        string? token = null;
        do
        {
            string? from = token;
            (List<T>? items, token) = await RunAsync(operation, client => page(client, from), cancellation).ConfigureAwait(false);
            all.AddRange(items ?? []);
        }
        while (token is { Length: > 0 });
        return all;
    }

    private static async Task<T?> FindAsync<T>(Func<Task<T>> call)
        where T : class
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (CloudException e) when (e.Failure == CloudFailure.NotFound)
        {
            return null;
        }
    }

    private Task<T> RunAsync<T>(string operation, Func<IAmazonEC2, Task<T>> call, CancellationToken cancellation, bool waitsForVisibility = false) => _retries.RunAsync(
        async () =>
        {
            try
            {
                return await call(_client).ConfigureAwait(false);
            }
            catch (Exception problem) when (CallErrors.IsOfCall(problem, cancellation))
            {
                throw CloudErrors.Of(string.Create(CultureInfo.InvariantCulture, $"{Region}: {operation}"), problem);
            }
        },
        waitsForVisibility,
        cancellation);

    /// <summary>Without the SDK's own retries: two loops in each other would wait for hours.</summary>
    internal sealed class OneTry : AmazonEC2Client
    {
        public OneTry(AmazonEC2Config configuration)
            : base(configuration)
        {
        }

        public OneTry(AWSCredentials credentials, AmazonEC2Config configuration)
            : base(credentials, configuration)
        {
        }

        /// <inheritdoc/>
        protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
        {
            base.CustomizeRuntimePipeline(pipeline);
            pipeline.RemoveHandler<RetryHandler>();
        }
    }
}
