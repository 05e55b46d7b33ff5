using Mantle.Formats.Cose;
using Mantle.Formats.Tpm;

namespace Mantle.Measure.Attestation;

/// <summary>A register's expected value.</summary>
/// <param name="Index">The register.</param>
/// <param name="Value">The value.</param>
/// <param name="Origin">Where the expectation comes from, for the evidence.</param>
/// <param name="IsBound">Whether another value is a failure; else it is only reported.</param>
public sealed record ExpectedPcr(int Index, TpmDigest Value, string Origin, bool IsBound)
{
    /// <summary>
    /// The registers without which nothing is known of what booted. NitroTPM: boot files, Secure Boot policy, and the two where command-line extras, credentials and
    /// system extensions land. Enclaves: image, kernel with its start-up, application.
    /// </summary>
    public static IReadOnlyList<int> Needed(AttestationKind kind) => kind == AttestationKind.NitroTpm ? [4, 7, 12, 13] : [0, 1, 2];
}
