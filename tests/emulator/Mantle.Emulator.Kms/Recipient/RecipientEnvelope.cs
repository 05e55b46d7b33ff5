using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Mantle.Emulator.Kms.Recipient;

/// <summary>
/// CiphertextForRecipient: CMS EnvelopedData (RFC 5652, 6.1) for one RSA key, RSAES-OAEP with SHA-256 (RFC 3560) and AES-256-CBC (RFC 3565), in the BER that KMS
/// sends: the outer layers of indefinite length.
/// </summary>
public static class RecipientEnvelope
{
    /// <summary>Encrypts to a key.</summary>
    /// <param name="publicKey">SubjectPublicKeyInfo of an RSA key.</param>
    /// <param name="plaintext">What to encrypt.</param>
    /// <exception cref="KmsErrorException">The key is no RSA key.</exception>
    public static byte[] Seal(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> plaintext)
    {
        using RSA rsa = RSA.Create();
        try
        {
            rsa.ImportSubjectPublicKeyInfo(publicKey, out _);
        }
        catch (CryptographicException)
        {
            throw KmsErrorException.Validation("The public key of the attestation document is no RSA key.");
        }

        using Aes aes = Aes.Create();
        aes.KeySize = 256;
        byte[] content = aes.EncryptCbc(plaintext, aes.IV);
        byte[] version = Der(writer => writer.WriteInteger(2));
        byte[] keyIdentifier = SHA256.HashData(publicKey);
        byte[] recipients = Der(writer => WriteRecipients(writer, keyIdentifier, rsa.Encrypt(aes.Key, RSAEncryptionPadding.OaepSHA256)));
        byte[] contentType = Der(writer => writer.WriteObjectIdentifier("1.2.840.113549.1.7.1"));
        byte[] algorithm = Der(writer =>
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier("2.16.840.1.101.3.4.1.42");
                writer.WriteOctetString(aes.IV);
            }
        });
        byte[] encrypted = Indefinite(0xa0, Der(writer => writer.WriteOctetString(content)));
        byte[] enveloped = Indefinite(0x30, version, recipients, Indefinite(0x30, contentType, algorithm, encrypted));
        return Indefinite(0x30, Der(writer => writer.WriteObjectIdentifier("1.2.840.113549.1.7.3")), Indefinite(0xa0, enveloped));
    }

    private static void WriteRecipients(AsnWriter writer, byte[] keyIdentifier, byte[] encryptedKey)
    {
        using (writer.PushSetOf())
        using (writer.PushSequence())
        {
            writer.WriteInteger(2);
            writer.WriteOctetString(keyIdentifier, new Asn1Tag(TagClass.ContextSpecific, 0));
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier("1.2.840.113549.1.1.7");
                using (writer.PushSequence())
                {
                    using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
                    {
                        WriteSha256(writer);
                    }

                    using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 1)))
                    using (writer.PushSequence())
                    {
                        writer.WriteObjectIdentifier("1.2.840.113549.1.1.8");
                        WriteSha256(writer);
                    }
                }
            }

            writer.WriteOctetString(encryptedKey);
        }
    }

    private static void WriteSha256(AsnWriter writer)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier("2.16.840.1.101.3.4.2.1");
            writer.WriteNull();
        }
    }

    private static byte[] Der(Action<AsnWriter> write)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        write(writer);
        return writer.Encode();
    }

    private static byte[] Indefinite(byte tag, params byte[][] parts) => [tag, 0x80, .. parts.SelectMany(part => part), 0, 0];
}
