using Mantle.Formats.Bytes;

namespace Mantle.Formats.Cose;

/// <summary>An attestation document in its envelope: read, not verified.</summary>
/// <param name="Envelope">The signed message.</param>
/// <param name="UnverifiedContent">What the message says.</param>
public sealed record SignedAttestationDocument(CoseSign1 Envelope, AttestationDocument UnverifiedContent)
{
    /// <summary>Reads envelope and content.</summary>
    /// <param name="bytes">The document as the TPM or the enclave's device returned it.</param>
    /// <param name="allowTrailing">Report bytes behind the document instead of refusing them.</param>
    /// <exception cref="MalformedInputException">The bytes are no such document.</exception>
    public static SignedAttestationDocument Read(ReadOnlyMemory<byte> bytes, bool allowTrailing = false)
    {
        CoseSign1 envelope = CoseSign1.Read(bytes, allowTrailing);
        return new(envelope, AttestationDocumentReader.Read(envelope.Payload, envelope.PayloadOffset));
    }
}
