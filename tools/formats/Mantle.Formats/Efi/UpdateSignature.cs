using System.Formats.Asn1;
using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Formats.Pe.Signing;

namespace Mantle.Formats.Efi;

/// <summary>Whether a certificate's key has signed an update of an authenticated variable.</summary>
public static class UpdateSignature
{
    private const string Format = "efi authenticated variable";

    /// <summary>
    /// True: the update is signed by the certificate's key, for this variable. Read is what <see cref="UpdateRequest"/> and efitools write: one signer, SHA-256,
    /// no signed attributes, no ContentInfo around it.
    /// </summary>
    /// <exception cref="MalformedInputException">The signature is in another form.</exception>
    public static bool IsSignedBy(AuthenticatedUpdate update, Guid vendor, string name, SigningCertificate signer)
    {
        byte[] signature = ReadSignature(update.Signature, signer, out bool isNamed);
        using RSA? key = signer.ReadRsaKey();
        byte[] signed = UpdateRequest.SignedBytes(name, vendor, EfiVariableAttributes.SecureBootVariable, update.Timestamp.Span, update.Payload.Span);
        return isNamed && key is not null && key.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    private static byte[] ReadSignature(ReadOnlyMemory<byte> der, SigningCertificate expected, out bool isNamed)
    {
        try
        {
            AsnReader outer = new(der, AsnEncodingRules.DER);
            AsnReader signedData = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            signedData.ReadInteger();
            signedData.ReadSetOf();
            AsnReader content = signedData.ReadSequence();
            bool isDetached = content.ReadObjectIdentifier() == SignedDataWriter.Data && !content.HasData;
            signedData.ReadSetOf(skipSortOrderValidation: true, AuthenticodeSignature.Explicit(0));
            AsnReader signers = signedData.ReadSetOf(skipSortOrderValidation: true);
            signedData.ThrowIfNotEmpty();
            AsnReader signer = signers.ReadSequence();
            signers.ThrowIfNotEmpty();
            signer.ReadInteger();
            AsnReader named = signer.ReadSequence();
            ReadOnlyMemory<byte> issuer = named.ReadEncodedValue();
            ReadOnlyMemory<byte> serial = named.ReadIntegerBytes();
            bool isSha256 = SigningCertificate.ReadAlgorithm(signer) == SignedDataWriter.Sha256;
            SigningCertificate.ReadAlgorithm(signer);
            byte[] signature = signer.ReadOctetString();
            signer.ThrowIfNotEmpty();
            isNamed = issuer.Span.SequenceEqual(expected.Issuer.Span) && serial.Span.SequenceEqual(expected.SerialNumber.Span);
            return isDetached && isSha256 ? signature : throw new MalformedInputException(Format, 0, "the signature is not a detached one with SHA-256");
        }
        catch (AsnContentException)
        {
            throw new MalformedInputException(Format, 0, "the signature is not PKCS#7 of one signer without attributes");
        }
    }
}
