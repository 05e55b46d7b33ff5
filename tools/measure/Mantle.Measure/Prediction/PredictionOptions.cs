using Mantle.Formats.Tpm;

namespace Mantle.Measure.Prediction;

/// <summary>What the firmware says in the variable SecureBoot; it is measured, and it decides whether the inner kernel is.</summary>
public enum SecureBootState
{
    /// <summary>The firmware can do Secure Boot and has no keys: the variable is 0. The state of an EC2 instance without keys.</summary>
    Off,

    /// <summary>The firmware cannot do Secure Boot: the variable does not exist.</summary>
    Unsupported,
}

/// <summary>What to predict.</summary>
public sealed record PredictionOptions
{
    /// <summary>The PCRs that a prediction knows rules for.</summary>
    public static IReadOnlyList<int> KnownPcrs { get; } = [4, 5, 7, 9, 11, 12, 13];

    /// <summary>The banks; SHA-256 and SHA-384 unless said otherwise.</summary>
    public IReadOnlyList<TpmAlgorithm> Banks { get; init; } = [TpmAlgorithm.Sha256, TpmAlgorithm.Sha384];

    /// <summary>The PCRs, all of <see cref="KnownPcrs"/> unless said otherwise.</summary>
    public IReadOnlyList<int> Pcrs { get; init; } = KnownPcrs;

    /// <summary>The state of Secure Boot.</summary>
    public SecureBootState SecureBoot { get; init; } = SecureBootState.Off;

    /// <summary>How to call the input in the result when it is a UKI by itself.</summary>
    public string InputName { get; init; } = "uki.efi";
}
