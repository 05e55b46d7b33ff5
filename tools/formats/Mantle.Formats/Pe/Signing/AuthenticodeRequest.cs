using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Mantle.Formats.Pe.Signing;

/// <summary>
/// One Authenticode signature that is yet to be made: the bytes to be signed, and what turns their signature into PKCS#7 (Windows Authenticode Portable
/// Executable Signature Format, 1.0). The key may be anywhere; all that is asked of it is RSASSA-PKCS1-v1_5 with SHA-256 over <see cref="ToBeSigned"/>.
/// </summary>
public sealed class AuthenticodeRequest
{
    /// <summary>Smallest RSA key, in bits.</summary>
    public const int MinimumKeySize = 2048;

    /// <summary>Largest RSA key, in bits: what firmware has been seen to verify.</summary>
    public const int MaximumKeySize = 4096;

    private const string SpcIndirectData = "1.3.6.1.4.1.311.2.1.4";
    private const string SpcPeImageData = "1.3.6.1.4.1.311.2.1.15";

    private readonly IReadOnlyList<SigningCertificate> _certificates;
    private readonly byte[] _content;
    private readonly byte[] _signedAttributes;

    private AuthenticodeRequest(byte[] imageDigest, IReadOnlyList<SigningCertificate> certificates)
    {
        ImageDigest = imageDigest;
        _certificates = certificates;
        _content = WriteContent(imageDigest);
        _signedAttributes = SignedDataWriter.SignedAttributes(SpcIndirectData, new AsnReader(_content, AsnEncodingRules.DER).PeekContentBytes().Span);
    }

    /// <summary>The image's Authenticode digest, SHA-256.</summary>
    public ReadOnlyMemory<byte> ImageDigest { get; }

    /// <summary>The certificate whose key is asked for.</summary>
    public SigningCertificate Signer => _certificates[0];

    /// <summary>The signed attributes in DER, a SET of content type and message digest (RFC 2315, 9.3): about a hundred bytes.</summary>
    public ReadOnlyMemory<byte> ToBeSigned => _signedAttributes;

    /// <summary>Prepares a signature over an image.</summary>
    /// <param name="image">The image; what signatures it has already makes no difference.</param>
    /// <param name="certificates">The signer's certificate, then those of its issuers that the signature shall carry.</param>
    /// <exception cref="ArgumentException">The signer's key is not RSA of 2048 to 4096 bits: firmware refuses others (OVMF 2025.02 an ECDSA key in db).</exception>
    public static AuthenticodeRequest Create(PeImage image, params IReadOnlyList<SigningCertificate> certificates) =>
        Create(AuthenticodeDigest.Compute(image, HashAlgorithmName.SHA256)[0], certificates);

    /// <summary>Prepares a signature over an image of which the Authenticode digest is known.</summary>
    /// <param name="imageDigest">SHA-256.</param>
    /// <param name="certificates">As in the other overload.</param>
    /// <exception cref="ArgumentException">As in the other overload, or the digest is not of 32 bytes.</exception>
    public static AuthenticodeRequest Create(byte[] imageDigest, params IReadOnlyList<SigningCertificate> certificates)
    {
        ArgumentOutOfRangeException.ThrowIfZero(certificates.Count);
        ArgumentOutOfRangeException.ThrowIfNotEqual(imageDigest.Length, SHA256.HashSizeInBytes);
        using RSA key = certificates[0].ReadRsaKey() ?? throw new ArgumentException(
            $"the certificate of {certificates[0].SubjectText} has no RSA key; firmware takes no other", nameof(certificates));
        return key.KeySize is >= MinimumKeySize and <= MaximumKeySize
            ? new(imageDigest, certificates)
            : throw new ArgumentException(
                $"the certificate of {certificates[0].SubjectText} has an RSA key of {key.KeySize} bits; {MinimumKeySize} to {MaximumKeySize} are possible", nameof(certificates));
    }

    /// <summary>The content of a WIN_CERTIFICATE: ContentInfo with SignedData, in DER.</summary>
    /// <param name="signature">The signature over <see cref="ToBeSigned"/>.</param>
    /// <exception cref="ArgumentException">It is not the signer's signature over these bytes.</exception>
    public byte[] Complete(ReadOnlySpan<byte> signature)
    {
        using RSA key = Signer.ReadRsaKey()!;
        return key.VerifyData(_signedAttributes, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            ? SignedDataWriter.Wrap(SignedDataWriter.Write(SpcIndirectData, _content, _certificates, _signedAttributes, signature))
            : throw new ArgumentException($"this is not a signature of {Signer.SubjectText} over these bytes", nameof(signature));
    }

    /// <summary>SpcIndirectDataContent; its SpcPeImageData has no flags and an empty file name, as firmware does not look at them.</summary>
    private static byte[] WriteContent(byte[] imageDigest)
    {
        Asn1Tag file = new(TagClass.ContextSpecific, 0);
        Asn1Tag name = new(TagClass.ContextSpecific, 2);
        AsnWriter content = new(AsnEncodingRules.DER);
        using (content.PushSequence())
        {
            using (content.PushSequence())
            {
                content.WriteObjectIdentifier(SpcPeImageData);
                using (content.PushSequence())
                {
                    content.WriteBitString([]);
                    using (content.PushSequence(file))
                    using (content.PushSequence(name))
                    {
                        content.WriteCharacterString(UniversalTagNumber.BMPString, "", file);
                    }
                }
            }

            using (content.PushSequence())
            {
                SignedDataWriter.WriteAlgorithm(content, SignedDataWriter.Sha256);
                content.WriteOctetString(imageDigest);
            }
        }

        return content.Encode();
    }
}
