using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Mantle.Formats.Pe.Signing;

/// <summary>
/// Writes PKCS#7 SignedData of one RSA signer with SHA-256 (RFC 2315, 9.1) in DER. Nothing in it depends on when, where or by which tool it is made: there is
/// no signing time, and certificates and attributes stand in the order that DER gives to sets.
/// </summary>
internal static class SignedDataWriter
{
    public const string SignedData = "1.2.840.113549.1.7.2";
    public const string Data = "1.2.840.113549.1.7.1";
    public const string Sha256 = "2.16.840.1.101.3.4.2.1";

    private const string RsaEncryption = "1.2.840.113549.1.1.1";
    private const string ContentTypeAttribute = "1.2.840.113549.1.9.3";
    private const string MessageDigestAttribute = "1.2.840.113549.1.9.4";

    /// <summary>The signed attributes as they are signed, with the tag of a SET: content type and digest of the content.</summary>
    public static byte[] SignedAttributes(string contentType, ReadOnlySpan<byte> hashedContent)
    {
        byte[] digest = SHA256.HashData(hashedContent);
        AsnWriter attributes = new(AsnEncodingRules.DER);
        using (attributes.PushSetOf())
        {
            WriteAttribute(attributes, ContentTypeAttribute, value => value.WriteObjectIdentifier(contentType));
            WriteAttribute(attributes, MessageDigestAttribute, value => value.WriteOctetString(digest));
        }

        return attributes.Encode();
    }

    /// <summary>Writes SignedData without the ContentInfo around it.</summary>
    /// <param name="contentType">What is signed.</param>
    /// <param name="content">The content, encoded; empty: it is elsewhere.</param>
    /// <param name="certificates">The signer's certificate first.</param>
    /// <param name="signedAttributes">As <see cref="SignedAttributes"/> made them; empty: the content itself is signed.</param>
    /// <param name="signature">The signature.</param>
    public static byte[] Write(
        string contentType, ReadOnlySpan<byte> content, IReadOnlyList<SigningCertificate> certificates, ReadOnlySpan<byte> signedAttributes, ReadOnlySpan<byte> signature)
    {
        AsnWriter message = new(AsnEncodingRules.DER);
        using (message.PushSequence())
        {
            message.WriteInteger(1);
            using (message.PushSetOf())
            {
                WriteAlgorithm(message, Sha256);
            }

            using (message.PushSequence())
            {
                message.WriteObjectIdentifier(contentType);
                if (!content.IsEmpty)
                {
                    using (message.PushSequence(AuthenticodeSignature.Explicit(0)))
                    {
                        message.WriteEncodedValue(content);
                    }
                }
            }

            using (message.PushSetOf(AuthenticodeSignature.Explicit(0)))
            {
                foreach (SigningCertificate certificate in certificates)
                {
                    message.WriteEncodedValue(certificate.Der.Span);
                }
            }

            using (message.PushSetOf())
            {
                WriteSigner(message, certificates[0], signedAttributes, signature);
            }
        }

        return message.Encode();
    }

    /// <summary>Puts the ContentInfo around it that Authenticode has and authenticated variables have not.</summary>
    public static byte[] Wrap(ReadOnlySpan<byte> signedData)
    {
        AsnWriter message = new(AsnEncodingRules.DER);
        using (message.PushSequence())
        {
            message.WriteObjectIdentifier(SignedData);
            using (message.PushSequence(AuthenticodeSignature.Explicit(0)))
            {
                message.WriteEncodedValue(signedData);
            }
        }

        return message.Encode();
    }

    /// <summary>An AlgorithmIdentifier whose parameters are NULL.</summary>
    public static void WriteAlgorithm(AsnWriter writer, string identifier)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(identifier);
            writer.WriteNull();
        }
    }

    private static void WriteSigner(AsnWriter message, SigningCertificate signer, ReadOnlySpan<byte> signedAttributes, ReadOnlySpan<byte> signature)
    {
        using (message.PushSequence())
        {
            message.WriteInteger(1);
            using (message.PushSequence())
            {
                message.WriteEncodedValue(signer.Issuer.Span);
                message.WriteInteger(signer.SerialNumber.Span);
            }

            WriteAlgorithm(message, Sha256);
            if (!signedAttributes.IsEmpty)
            {
                byte[] inMessage = signedAttributes.ToArray();
                inMessage[0] = 0xa0; // the implicit tag takes the place of the SET's
                message.WriteEncodedValue(inMessage);
            }

            WriteAlgorithm(message, RsaEncryption);
            message.WriteOctetString(signature);
        }
    }

    private static void WriteAttribute(AsnWriter writer, string identifier, Action<AsnWriter> write)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(identifier);
            using (writer.PushSetOf())
            {
                write(writer);
            }
        }
    }
}
