using Mantle.Formats.Tpm;
using Mantle.Measure.Attestation;

namespace Mantle.Measure.Quotes;

/// <summary>What a quote is held against.</summary>
public sealed record QuotePolicy
{
    /// <summary>The nonce that it has to carry, or null when none was asked for: then it may be a replay, and there is no verdict.</summary>
    public ReadOnlyMemory<byte>? Nonce { get; init; }

    /// <summary>Hash of a signature that does not say it itself.</summary>
    public TpmAlgorithm BareHash { get; init; } = TpmAlgorithm.Sha256;

    /// <summary>The quoted values as somebody claims them, given what the quote selects; null when nobody does.</summary>
    public Func<IReadOnlyList<PcrSelection>, SelectedPcrs>? ClaimedPcrs { get; init; }

    /// <summary>Where the claim comes from, for the evidence.</summary>
    public string ClaimOrigin { get; init; } = "the values";

    /// <summary>What the registers of a bank have to hold.</summary>
    public Func<TpmAlgorithm, IReadOnlyList<ExpectedPcr>> ExpectedPcrs { get; init; } = _ => [];

    /// <summary>Whether somebody who is trusted vouches for the key: a verified attestation document.</summary>
    public string? KeyVouchedBy { get; init; }
}
