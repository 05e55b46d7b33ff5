using System.Globalization;
using Mantle.ImageBuilder.Aws;
using Mantle.ImageBuilder.Publishing.Ebs;
using Mantle.ImageBuilder.Publishing.Verification;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Publishing.Upload;

/// <summary>Makes a snapshot of an image: starts it or takes up one that an earlier run has left, puts the blocks, completes it.</summary>
/// <param name="service">EBS of the region.</param>
/// <param name="stateOf">A snapshot's state as EC2 describes it; null: there is no such snapshot.</param>
/// <param name="retries">Waits.</param>
/// <param name="time">Measures how long it takes.</param>
internal sealed class SnapshotUploader(IBlockService service, Func<string, CancellationToken, Task<string?>> stateOf, Retries retries, TimeProvider time)
{
    /// <summary>Snapshots that are tried before somebody has to look.</summary>
    private const int MaximumGenerations = 20;

    /// <summary>Requests at a time.</summary>
    public int Parallel { get; init; } = EbsClient.Connections;

    /// <summary>Uploads.</summary>
    /// <param name="request">What, and how the snapshot is to be described.</param>
    /// <param name="progress">Hears how far it is, from several threads.</param>
    /// <param name="cancellation">Ends it; another run goes on.</param>
    /// <exception cref="CloudException">A call failed, and stayed so. The journal knows what is done.</exception>
    public async Task<UploadResult> UploadAsync(UploadRequest request, IProgress<UploadProgress>? progress, CancellationToken cancellation)
    {
        long begin = time.GetTimestamp();
        using UploadJournal journal = UploadJournal.Open(request.JournalPath, request.ImageSha256, service.Region);
        BlockPlan plan = new(request.Image);
        (string snapshot, bool isComplete) = await OpenAsync(request, plan, journal, cancellation).ConfigureAwait(false);
        if (isComplete)
        {
            plan.Scan(Environment.ProcessorCount, cancellation);
            await ReadBack.RequireAsync(service, retries, snapshot, plan.VolumeSize, request.Image, cancellation).ConfigureAwait(false);
            return new(snapshot, plan.Written, Convert.ToHexStringLower(plan.Checksum()), 0, time.GetElapsedTime(begin));
        }

        BlockUploader uploader = new(service, retries, Parallel);
        await uploader.PutAllAsync(plan, journal, snapshot, progress, cancellation).ConfigureAwait(false);
        byte[] checksum = plan.Checksum();
        await retries.RunAsync(() => service.CompleteSnapshotAsync(snapshot, plan.Written, checksum, cancellation), waitsForVisibility: true, cancellation).ConfigureAwait(false);
        return new(snapshot, plan.Written, Convert.ToHexStringLower(checksum), uploader.Sent, time.GetElapsedTime(begin));
    }

    /// <summary>The snapshot to go on with. The client token follows from the content, so a run that was killed before it could note the snapshot finds it.</summary>
    private async Task<(string Snapshot, bool IsComplete)> OpenAsync(UploadRequest request, BlockPlan plan, UploadJournal journal, CancellationToken cancellation)
    {
        int generation = journal.Generation;
        if (journal.Snapshot is { } known)
        {
            string? state = await stateOf(known, cancellation).ConfigureAwait(false);
            if (state is "pending" or "completed")
            {
                return (known, state == "completed");
            }

            generation++;
        }

        for (; generation < MaximumGenerations; generation++)
        {
            string token = string.Create(CultureInfo.InvariantCulture, $"mantle-{request.ImageSha256}-{generation}");
            StartedSnapshot started;
            try
            {
                started = await retries.RunAsync(
                    () => service.StartSnapshotAsync(new(plan.VolumeSize, request.Description, token, request.Tags), cancellation), waitsForVisibility: false, cancellation).ConfigureAwait(false);
            }
            catch (CloudException e) when (e.Failure == CloudFailure.Conflict)
            {
                // Somebody has used the token for a snapshot that is described in another way, or it was deleted.
                continue;
            }

            if (started.State is "pending" or "completed")
            {
                journal.Begin(generation, started.Id);
                return (started.Id, started.State == "completed");
            }
        }

        throw new UserErrorException($"{service.Region}: {MaximumGenerations} snapshots of this image have failed", "look at them in EC2, and delete them", ExitCode.Remote);
    }
}

/// <summary>What is uploaded.</summary>
internal sealed record UploadRequest
{
    /// <summary>The image.</summary>
    public required Formats.Bytes.ByteSource Image { get; init; }

    /// <summary>Its digest, lower-case hexadecimal.</summary>
    public required string ImageSha256 { get; init; }

    /// <summary>The snapshot's description.</summary>
    public required string Description { get; init; }

    /// <summary>The snapshot's tags.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; }

    /// <summary>Where the journal is, or will be.</summary>
    public required string JournalPath { get; init; }
}
