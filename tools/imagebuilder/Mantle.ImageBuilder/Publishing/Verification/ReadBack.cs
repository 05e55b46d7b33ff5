using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Aws;
using Mantle.ImageBuilder.Publishing.Ebs;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Publishing.Verification;

/// <summary>Reads a snapshot that is already there before it is taken for an image's: names, tags and tokens can be anybody's.</summary>
internal static class ReadBack
{
    /// <summary>Every byte of a snapshot is the image's, and zero behind it.</summary>
    /// <param name="service">EBS of the region.</param>
    /// <param name="retries">Waits.</param>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="volumeSize">GiB of its volume.</param>
    /// <param name="image">The image.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="UserErrorException">It is another; exit code 2.</exception>
    /// <exception cref="CloudException">A block could not be read.</exception>
    public static async Task RequireAsync(IBlockService service, Retries retries, string snapshot, int volumeSize, ByteSource image, CancellationToken cancellation)
    {
        SnapshotSource volume = await SnapshotSource.OpenAsync(service, retries, snapshot, volumeSize, cancellation).ConfigureAwait(false);
        DiskComparison comparison = await DiskComparison.CompareAsync(volume, image, null, cancellation).ConfigureAwait(false);
        string? problem = comparison.Different.Count > 0 ? $"differs from it in {DiskComparison.Describe(comparison.Different, null)}"
            : comparison.Behind is { } behind ? $"has something behind it, in block {behind}"
            : volume.Length < image.Length ? "is shorter"
            : null;
        if (problem is not null)
        {
            throw new UserErrorException($"{snapshot} claims to be this image and {problem}", "look who made it; delete it, then run the same command again", ExitCode.Mismatch);
        }
    }
}
