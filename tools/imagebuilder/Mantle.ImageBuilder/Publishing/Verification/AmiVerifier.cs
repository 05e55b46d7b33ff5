using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Amazon.EC2.Model;
using Mantle.Formats.Bytes;
using Mantle.Formats.Efi;
using Mantle.Formats.Gpt;
using Mantle.Formats.Tpm;
using Mantle.ImageBuilder.Aws;
using Mantle.ImageBuilder.Publishing.Ebs;
using Mantle.ImageBuilder.Publishing.Images;
using Mantle.Measure;
using Mantle.Measure.Checking;
using Mantle.Measure.Prediction;
using Mantle.Measure.Release;

namespace Mantle.ImageBuilder.Publishing.Verification;

/// <summary>
/// Says whether an AMI is a release, from what EC2 and EBS hold: how it is registered, and every byte of its snapshot, read back. What it says of itself, its tags, is
/// held against the release as well, and proves nothing.
/// </summary>
public sealed class AmiVerifier : IDisposable
{
    private readonly AmiVerifyRequest _request;
    private readonly ImageService _images;
    private readonly IBlockService _blocks;
    private readonly Retries _retries;
    private readonly CheckReport _report = new();

    internal AmiVerifier(AmiVerifyRequest request, ImageService images, IBlockService blocks, Retries retries) => (_request, _images, _blocks, _retries) = (request, images, blocks, retries);

    /// <summary>A verifier that talks to EC2 and EBS of AWS, or of the endpoints that the SDK's configuration names.</summary>
    /// <exception cref="UserErrorException">There are no credentials; exit code 5.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "the verifier owns them")]
    public static AmiVerifier Connect(AmiVerifyRequest request)
    {
        Retries retries = new(Task.Delay);
        try
        {
            return new(request, ImageService.Connect(request.Region, retries), EbsClient.Connect(request.Region, request.Time), retries);
        }
        catch (CloudException e)
        {
            throw e.ToUserError();
        }
    }

    /// <summary>Verifies.</summary>
    /// <exception cref="UserErrorException">There is no such AMI, or EC2 does not answer; exit code 5.</exception>
    public async Task<AmiVerifyResult> RunAsync(CancellationToken cancellation)
    {
        try
        {
            string? uefiData = null;
            string? snapshot = _request.Id;
            Image? found = null;
            if (!Ids.IsSnapshot(_request.Id))
            {
                Image image = found = await _images.FindImageAsync(_request.Id, cancellation).ConfigureAwait(false)
                    ?? throw new UserErrorException($"{_request.Region}: there is no {_request.Id} that these credentials may see", "check region and account", ExitCode.Remote);
                AmiShape.Check(_report, image, _request.Release);
                uefiData = await CheckAttributesAsync(image, cancellation).ConfigureAwait(false);
                snapshot = AmiShape.SnapshotOf(image);
                if (image.DeprecationTime is { Length: > 0 } time)
                {
                    _report.Note($"deprecated from {time} on");
                }
            }

            IReadOnlyList<ImagePrediction> predictions = snapshot is null ? [] : await CheckSnapshotAsync(snapshot, found, uefiData, cancellation).ConfigureAwait(false);
            if (predictions.Count == 0)
            {
                _report.Missing("measurements", "the bytes could not be read, or not measured");
            }

            return new(_report, predictions);
        }
        catch (CloudException e)
        {
            throw e.ToUserError();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _images.Dispose();
        _blocks.Dispose();
    }

    /// <summary>What only the owner may read.</summary>
    private async Task<string?> CheckAttributesAsync(Image image, CancellationToken cancellation)
    {
        string? uefiData = null;
        try
        {
            uefiData = await _images.ReadUefiDataAsync(image.ImageId, cancellation).ConfigureAwait(false);
            if (_request.Release is { } release)
            {
                AmiShape.CheckVariables(_report, uefiData, release);
            }
        }
        catch (CloudException e) when (e.Failure == CloudFailure.Denied)
        {
            _report.Missing("variables", "only the AMI's owner may read them");
        }

        try
        {
            SortedSet<string> shared = await _images.ReadLaunchPermissionsAsync(image.ImageId, cancellation).ConfigureAwait(false);
            string actual = shared.Count == 0 ? "its owner alone" : string.Join(", ", shared);
            if (_request.SharedWith is { } expected)
            {
                _report.Check("launch-permission", shared.SetEquals(expected) ? null : $"{actual}, not {(expected.Count == 0 ? "its owner alone" : string.Join(", ", expected))}", actual);
            }
            else
            {
                _report.Skipped("launch-permission", actual);
            }
        }
        catch (CloudException e) when (e.Failure == CloudFailure.Denied)
        {
            _report.Skipped("launch-permission", "only the AMI's owner may read it");
        }

        return uefiData;
    }

    private async Task<IReadOnlyList<ImagePrediction>> CheckSnapshotAsync(string id, Image? image, string? uefiData, CancellationToken cancellation)
    {
        Snapshot? snapshot = await _images.FindSnapshotAsync(id, cancellation).ConfigureAwait(false);
        if (snapshot is null)
        {
            _report.Missing("snapshot", $"these credentials may not see {id}: its owner has to share it for its bytes to be read");
            return [];
        }

        if (!_report.Check("snapshot", snapshot.State == Amazon.EC2.SnapshotState.Completed ? null : $"{id} is {snapshot.State}", $"{id}, {snapshot.VolumeSize} GiB, of account {snapshot.OwnerId}"))
        {
            return [];
        }

        if (image is not null)
        {
            // Whoever owns another snapshot than the AMI can take its bytes away, and nobody publishes so.
            _report.Check("owner", snapshot.OwnerId == image.OwnerId ? null : $"the AMI is of account {image.OwnerId}, its snapshot of {snapshot.OwnerId}", $"account {image.OwnerId}, as its snapshot");
            int? size = image.BlockDeviceMappings.Find(device => device.DeviceName == image.RootDeviceName)?.Ebs?.VolumeSize;
            _report.Check("volume-size", size == snapshot.VolumeSize ? null : $"instances get a volume of {size} GiB of a snapshot of {snapshot.VolumeSize} GiB", $"{size} GiB");
        }

        if (snapshot.Encrypted == true)
        {
            _report.Note("the snapshot is encrypted: an instance needs its key, and so does whoever it is shared with");
        }

        try
        {
            SnapshotSource volume = await SnapshotSource.OpenAsync(_blocks, _retries, id, snapshot.VolumeSize ?? 0, cancellation).ConfigureAwait(false);
            return await CheckBytesAsync(volume, uefiData, cancellation).ConfigureAwait(false);
        }
        catch (CloudException e) when (e.Failure == CloudFailure.Denied)
        {
            _report.Missing("blocks", e.Message);
            return [];
        }
    }

    private async Task<IReadOnlyList<ImagePrediction>> CheckBytesAsync(SnapshotSource volume, string? uefiData, CancellationToken cancellation)
    {
        ByteSource disk;
        if (_request.Release is { } release)
        {
            if (!_report.Check("volume", volume.Length >= release.Image.Length ? null : $"{volume.Length} bytes are less than the image's {release.Image.Length}", $"{volume.Length} bytes for an image of {release.Image.Length}"))
            {
                return [];
            }

            disk = volume.Slice(0, release.Image.Length);
            await CompareAsync(volume, release, cancellation).ConfigureAwait(false);
        }
        else
        {
            disk = volume.Slice(0, LengthOf(volume));
        }

        return await Task.Run(() => Measure(disk, uefiData), cancellation).ConfigureAwait(false);
    }

    private async Task CompareAsync(SnapshotSource volume, PublishRelease release, CancellationToken cancellation)
    {
        GptTable? table = null;
        try
        {
            table = GptReader.Read(release.Image);
        }
        catch (MalformedInputException)
        {
            // Names of partitions only make a message better.
        }

        DiskComparison comparison = await DiskComparison.CompareAsync(volume, release.Image, _request.Sample, cancellation).ConfigureAwait(false);
        string count = string.Create(CultureInfo.InvariantCulture, $"{comparison.Compared} of the {volume.Blocks.Count} blocks that the snapshot has");
        _report.Check("blocks", comparison.Different.Count == 0 ? null : $"other than the release's: {DiskComparison.Describe(comparison.Different, table)}", $"{count} are the release's, byte for byte");
        _report.Check(
            "behind-image", comparison.Behind is { } behind ? $"block {behind} has something in it" : null, comparison.Sha256 is null ? "what was sampled behind the image is zero" : "all is zero");
        if (comparison.Sha256 is { } digest)
        {
            _report.Check("digest", digest == release.ImageSha256 ? null : $"SHA-256 {digest}, not {release.ImageSha256}", $"SHA-256 {digest}");
        }
        else
        {
            _report.Skipped("digest", "not all blocks were read");
            _report.Note($"SAMPLED, not read whole: {count}. What is measured at boot was read whole; of the root the verity tree decides at run time");
        }
    }

    /// <summary>Predicts both modes from the bytes that were read back.</summary>
    private List<ImagePrediction> Measure(ByteSource disk, string? uefiData)
    {
        List<ImagePrediction> predictions = [];
        SecureBootVariables? variables = _request.Release?.Variables;
        if (uefiData is not null)
        {
            Guard("measurements.on", () => variables = SecureBootVariables.From(UefiData.Read(Encoding.ASCII.GetBytes(uefiData))));
        }

        if (variables is { PlatformKey.IsEmpty: false })
        {
            Predict("measurements.on", SecureBootState.On, variables, _request.Release?.WithSecureBoot);
        }

        Predict("measurements.off", SecureBootState.Off, null, _request.Release?.WithoutSecureBoot);
        return predictions;

        void Predict(string check, SecureBootState mode, SecureBootVariables? given, ReleaseMeasurements? expected) => Guard(check, () =>
        {
            ImagePrediction prediction = Predictor.Predict(disk, new()
            {
                Banks = expected is null ? TpmHash.Computable : [.. expected.Banks.Keys],
                SecureBoot = mode,
                Variables = given,
                InputName = _request.Id,
            });
            predictions.Add(prediction);
            if (prediction.IsDebugTwin)
            {
                _report.Check("debug-twin", false, "it is marked as a debug twin");
            }

            if (expected is not null)
            {
                ReleaseMeasurements actual = ReleaseMeasurements.Of(prediction);
                _report.Check(check, expected.Difference(actual) is { } difference ? $"the release's {difference}" : null, "computed from what was read back: the release's registers in all banks");
            }
        });
    }

    private void Guard(string check, Action action)
    {
        try
        {
            action();
        }
        catch (MalformedInputException e)
        {
            _report.Check(check, false, e.Message);
        }
        catch (UserErrorException e)
        {
            _report.Check(check, false, e.Message);
        }
    }

    /// <summary>How much of a volume the disk image was: as far as the partition table's second copy (UEFI 2.10, 5.3.2, AlternateLBA).</summary>
    private static long LengthOf(SnapshotSource volume)
    {
        const int Sector = 512;
        const int AlternateLba = Sector + 32;
        byte[] header = volume.ReadBytes(0, 2 * Sector, "snapshot");
        ulong last = BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(AlternateLba));
        return last < (ulong)(volume.Length / Sector) ? ((long)last + 1) * Sector : volume.Length;
    }
}
