using Mantle.Formats.Tpm;
using Mantle.ImageBuilder.Twin;
using Mantle.Measure.Prediction;

namespace Mantle.ImageBuilder;

/// <summary>What a build ends by printing.</summary>
public sealed class BuildResult
{
    /// <summary>Root hash of the verity tree, lower-case hexadecimal.</summary>
    public string RootHash { get; set; } = "";

    /// <summary>Size of image.raw in bytes.</summary>
    public long ImageSize { get; set; }

    /// <summary>Bytes of image.raw that occupy space on disk.</summary>
    public long ImageAllocated { get; set; }

    /// <summary>SHA-256 of image.raw.</summary>
    public string ImageSha256 { get; set; } = "";

    /// <summary>Programs in the root, beside shared libraries.</summary>
    public IReadOnlyList<string> Programs { get; set; } = [];

    /// <summary>Where the time went, in the order of the plan.</summary>
    public IReadOnlyList<StepTiming> Timings { get; set; } = [];

    /// <summary>Files in the root.</summary>
    public int Files { get; set; }

    /// <summary>Root hash of the sealed image that a debug twin is the twin of; empty for the sealed image itself.</summary>
    public string SealedRootHash { get; set; } = "";

    /// <summary>What a debug twin differs in; empty for the sealed image.</summary>
    public IReadOnlyList<TwinChange> TwinChanges { get; set; } = [];

    /// <summary>The predicted measurements.</summary>
    public ImagePrediction? Measurements { get; set; }

    /// <summary>A predicted value in the SHA-384 bank, the one that EC2 attests, lower-case hexadecimal.</summary>
    public string Pcr(int index) => Measurements!.Pcrs.First(pcr => pcr.Index == index).Values[TpmAlgorithm.Sha384].ToString();
}
