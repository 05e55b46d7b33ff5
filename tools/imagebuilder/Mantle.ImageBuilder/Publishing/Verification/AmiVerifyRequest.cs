using Mantle.Measure.Checking;
using Mantle.Measure.Prediction;

namespace Mantle.ImageBuilder.Publishing.Verification;

/// <summary>What is to be verified.</summary>
public sealed record AmiVerifyRequest
{
    /// <summary>An AMI or a snapshot.</summary>
    public required string Id { get; init; }

    /// <summary>Its region.</summary>
    public required string Region { get; init; }

    /// <summary>The verified release that it should be; null: it is measured, and compared with nothing.</summary>
    public PublishRelease? Release { get; init; }

    /// <summary>How many blocks to read beside those that the boot reads; null: all.</summary>
    public int? Sample { get; init; }

    /// <summary>Who may launch it beside its owner; null: whoever it is.</summary>
    public IReadOnlyList<string>? SharedWith { get; init; }

    /// <summary>The clock of signatures.</summary>
    public required TimeProvider Time { get; init; }
}

/// <summary>What came of it.</summary>
/// <param name="Report">Every check with its evidence, and the verdict.</param>
/// <param name="Predictions">What a TPM measures of it: with Secure Boot as its variables make it first. None when its bytes could not be read.</param>
public sealed record AmiVerifyResult(CheckReport Report, IReadOnlyList<ImagePrediction> Predictions);
