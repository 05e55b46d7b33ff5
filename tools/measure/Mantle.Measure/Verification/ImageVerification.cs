using Mantle.Formats.Bytes;
using Mantle.Measure.Checking;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Verification;

/// <summary>The claims that an image is held against.</summary>
public sealed record ImageClaims
{
    /// <summary>The measurements that a release states.</summary>
    public required ImagePrediction Measurements { get; init; }

    /// <summary>manifest.json of the release, or null when there is none.</summary>
    public ByteSource? Manifest { get; init; }

    /// <summary>The files beside the manifest by name.</summary>
    public IReadOnlyDictionary<string, ByteSource> Files { get; init; } = new Dictionary<string, ByteSource>();

    /// <summary>The image's own file name: the output of the manifest that it is compared with.</summary>
    public string ImageName { get; init; } = "image.raw";
}

/// <summary>
/// Computes from an image what a release claims of it: partition table, boot file, verity tree, every file, PCRs, and the digests of the manifest. Nothing is taken from
/// the release but the claims themselves.
/// </summary>
public static class ImageVerifier
{
    /// <summary>Checks claim by claim.</summary>
    public static CheckReport Verify(ByteSource image, ImageClaims claims)
    {
        CheckReport report = new();
        ManifestClaims? manifest = ManifestClaims.Read(report, claims.Manifest);
        DiskChecks.Check(report, image, manifest);
        MeasurementChecks.Check(report, image, claims.Measurements);
        if (manifest is not null)
        {
            FileChecks.Check(report, image, claims, manifest);
        }

        return report;
    }

    /// <summary>Makes a check whose input may be malformed: that is a failure of the claim, with the reason as evidence.</summary>
    internal static bool Guard(CheckReport report, string id, Action check)
    {
        try
        {
            check();
            return true;
        }
        catch (Exception e) when (e is MalformedInputException or UserErrorException)
        {
            return report.Check(id, false, e.Message);
        }
    }
}
