using Mantle.Formats.Cose;

namespace Mantle.Measure.Attestation;

/// <summary>What an attestation document is held against.</summary>
public sealed record AttestationPolicy
{
    /// <summary>Age that a document may have unless said otherwise: a live one answers a challenge made a moment ago.</summary>
    public static TimeSpan DefaultMaximumAge { get; } = TimeSpan.FromMinutes(5);

    /// <summary>By how much the clocks of AWS and of the verifier may differ: leaf certificates start to be valid seconds before they are used.</summary>
    public static TimeSpan ClockTolerance { get; } = TimeSpan.FromMinutes(1);

    /// <summary>Who has to have issued it.</summary>
    public AttestationKind Kind { get; init; } = AttestationKind.NitroTpm;

    /// <summary>Where its chain has to start.</summary>
    public TrustedRoot Root { get; init; } = TrustedRoot.Aws;

    /// <summary>The time at which certificates have to be valid and the document fresh; null for the document's own time, which says nothing of freshness.</summary>
    public required DateTimeOffset? At { get; init; }

    /// <summary>Greatest age in <see cref="At"/>.</summary>
    public TimeSpan MaximumAge { get; init; } = DefaultMaximumAge;

    /// <summary>The nonce that it has to carry, or null when none was asked for.</summary>
    public ReadOnlyMemory<byte>? Nonce { get; init; }

    /// <summary>The user data that it has to carry, or null.</summary>
    public ReadOnlyMemory<byte>? UserData { get; init; }

    /// <summary>The public key that it has to carry, or null.</summary>
    public ReadOnlyMemory<byte>? PublicKey { get; init; }

    /// <summary>What the registers have to hold, one entry a register.</summary>
    public IReadOnlyList<ExpectedPcr> Pcrs { get; init; } = [];
}
