using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;

namespace Mantle.Measure.Prediction;

/// <summary>What a TPM will hold after an image has booted, with every event that leads there.</summary>
public sealed record ImagePrediction
{
    /// <summary>The boot file: a path on the ESP, or the name of a UKI that was given by itself.</summary>
    public required string BootFile { get; init; }

    /// <summary>The stub's full version, for example <c>257.13-1~deb13u1</c>.</summary>
    public required string StubVersion { get; init; }

    /// <summary>The kernel's release as its setup header has it, or null when it has none.</summary>
    public required string? KernelRelease { get; init; }

    /// <summary>Whether the image's own os-release marks it as a debug twin: nothing may be bound to these values (docs/debug-twin.md).</summary>
    public bool IsDebugTwin { get; init; }

    /// <summary>What the firmware is taken to say about Secure Boot.</summary>
    public required SecureBootState SecureBoot { get; init; }

    /// <summary>The platform that the prediction is for.</summary>
    public required FirmwareProfile Platform { get; init; }

    /// <summary>The number of the UKI's profile; 0 is the default, also of a UKI without profiles.</summary>
    public int Profile { get; init; }

    /// <summary>What a reader should know besides, one line each: a refused addon, options that are ignored.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The banks, in the order of <see cref="TpmHash.Computable"/>.</summary>
    public required IReadOnlyList<TpmAlgorithm> Banks { get; init; }

    /// <summary>The predicted PCRs by ascending index.</summary>
    public required IReadOnlyList<PredictedPcr> Pcrs { get; init; }

    /// <summary>PCRs that were asked for but that the input does not determine, by ascending index.</summary>
    public required IReadOnlyList<UnpredictedPcr> Unpredicted { get; init; }
}

/// <summary>One PCR: its events in order, and its value per bank after the last.</summary>
/// <param name="Index">0 to 23.</param>
/// <param name="Events">What extends it; empty for a PCR that has to stay zero.</param>
/// <param name="Values">The value per bank.</param>
public sealed record PredictedPcr(int Index, IReadOnlyList<PredictedEvent> Events, IReadOnlyDictionary<TpmAlgorithm, TpmDigest> Values)
{
    /// <summary>What has to be as assumed for the value to hold.</summary>
    public PcrBasis Basis { get; init; } = PcrBasis.Image;
}

/// <summary>Who decides a PCR's value.</summary>
public enum PcrBasis
{
    /// <summary>The image's bytes, with the variables and extras that were given.</summary>
    Image,

    /// <summary>The firmware alone; the value holds where it measures nothing but a separator.</summary>
    Firmware,

    /// <summary>What runs after the kernel has started; the value is the one until then.</summary>
    OperatingSystem,
}

/// <summary>One extend.</summary>
/// <param name="EventType">The TCG event type.</param>
/// <param name="Digests">The digest per bank.</param>
/// <param name="Description">What is measured, one line.</param>
/// <param name="Source">Which input the digest comes from.</param>
public sealed record PredictedEvent(
    EventType EventType, IReadOnlyDictionary<TpmAlgorithm, TpmDigest> Digests, string Description, EventSource Source)
{
    /// <summary>The event data that the log will have; null when the machine decides it, or when the prediction was read from a document.</summary>
    public ReadOnlyMemory<byte>? Logged { get; init; }
}

/// <summary>A PCR without a prediction, and why.</summary>
/// <param name="Index">0 to 23.</param>
/// <param name="Reason">One clause, lower case.</param>
public sealed record UnpredictedPcr(int Index, string Reason);
