using Mantle.Formats.Cose;
using Mantle.Measure.Checking;

namespace Mantle.Measure.Attestation;

/// <summary>What came of verifying a document.</summary>
/// <param name="Report">The checks.</param>
/// <param name="Document">The document, of which nothing is known but what the checks say.</param>
/// <param name="Policy">What it was held against.</param>
/// <param name="Verified">
/// The content, once it is certain that the root's owner vouches for it: signature, chain and root hold. Null otherwise. Whether it is fresh and about the right
/// software is another question, and the verdict's.
/// </param>
public sealed record AttestationResult(CheckReport Report, SignedAttestationDocument Document, AttestationPolicy Policy, VerifiedAttestation? Verified);

/// <summary>Content that the owner of the trusted root vouches for.</summary>
public sealed class VerifiedAttestation
{
    internal VerifiedAttestation(AttestationDocument content) => Content = content;

    /// <summary>The content.</summary>
    public AttestationDocument Content { get; }
}
