using Mantle.Formats.Tpm;
using Mantle.Measure.Checking;

namespace Mantle.Measure.Quotes;

/// <summary>What came of verifying a quote.</summary>
/// <param name="Report">The checks.</param>
/// <param name="Attestation">The quote, of which nothing is known but what the checks say.</param>
/// <param name="Pcrs">The values that the quote's digest is over, or null when they are not known.</param>
public sealed record QuoteResult(CheckReport Report, TpmAttestation Attestation, SelectedPcrs? Pcrs);
