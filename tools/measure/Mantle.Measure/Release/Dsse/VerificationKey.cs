using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;
using Mantle.Formats.Bytes;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Mantle.Measure.Release.Dsse;

/// <summary>What kinds of keys sign releases.</summary>
public enum KeyKind
{
    /// <summary>RSA of 2048 to 8192 bits.</summary>
    Rsa,

    /// <summary>An elliptic curve key on P-256.</summary>
    EcdsaP256,

    /// <summary>An elliptic curve key on P-384.</summary>
    EcdsaP384,

    /// <summary>Ed25519 (RFC 8032).</summary>
    Ed25519,
}

/// <summary>
/// A public key. Its key id is the SHA-256 of its SubjectPublicKeyInfo (RFC 5280, 4.1.2.7) in hexadecimal: <c>openssl pkey -pubin -outform der | sha256sum</c>.
/// One key has one encoding here and so one key id, or it could sign twice.
/// </summary>
public sealed class VerificationKey
{
    private const string Format = "public key";
    private const int MaximumLength = 1 << 13;
    private const int MinimumRsaBits = 2048;
    private const int MaximumRsaBits = 8192;
    private const string PemLabel = "PUBLIC KEY";

    /// <summary>SubjectPublicKeyInfo of Ed25519 (RFC 8410, 4) up to the key's 32 bytes.</summary>
    private static ReadOnlySpan<byte> Ed25519Prefix => [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

    private VerificationKey(ReadOnlyMemory<byte> subjectPublicKeyInfo, KeyKind kind, int bits)
    {
        SubjectPublicKeyInfo = subjectPublicKeyInfo;
        Kind = kind;
        Bits = bits;
        KeyId = Convert.ToHexStringLower(SHA256.HashData(subjectPublicKeyInfo.Span));
    }

    /// <summary>SubjectPublicKeyInfo, DER.</summary>
    public ReadOnlyMemory<byte> SubjectPublicKeyInfo { get; }

    /// <summary>The kind.</summary>
    public KeyKind Kind { get; }

    /// <summary>Size in bits.</summary>
    public int Bits { get; }

    /// <summary>SHA-256 of <see cref="SubjectPublicKeyInfo"/>, 64 digits of lower-case hexadecimal.</summary>
    public string KeyId { get; }

    /// <summary>The 32 bytes of an Ed25519 key (RFC 8032, 5.1.5).</summary>
    /// <exception cref="InvalidOperationException">It is another kind of key.</exception>
    public ReadOnlyMemory<byte> Ed25519Bytes =>
        Kind == KeyKind.Ed25519 ? SubjectPublicKeyInfo[Ed25519Prefix.Length..] : throw new InvalidOperationException("not an Ed25519 key");

    /// <summary>Reads SubjectPublicKeyInfo in DER, or the same in PEM with nothing around it but white space.</summary>
    /// <exception cref="MalformedInputException">It is no such key, or one that is too weak to trust.</exception>
    public static VerificationKey Read(ReadOnlyMemory<byte> bytes) =>
        bytes.Length > MaximumLength ? throw Malformed($"{bytes.Length} bytes are more than a key can have")
        : bytes.Length > 0 && bytes.Span[0] == 0x30 ? FromSubjectPublicKeyInfo(bytes)
        : FromPem(Encoding.Latin1.GetString(bytes.Span));

    /// <summary>Reads one key in PEM (RFC 7468, 13).</summary>
    /// <exception cref="MalformedInputException">As <see cref="Read"/>.</exception>
    public static VerificationKey FromPem(string text)
    {
        ReadOnlySpan<char> trimmed = text.AsSpan().Trim();
        return PemEncoding.TryFind(trimmed, out PemFields fields) && trimmed[fields.Label].SequenceEqual(PemLabel)
            && fields.Location.Start.Value == 0 && fields.Location.End.Value == trimmed.Length
            ? FromSubjectPublicKeyInfo(Convert.FromBase64String(trimmed[fields.Base64Data].ToString()))
            : throw Malformed($"not one \"{PemLabel}\" in PEM");
    }

    /// <summary>Reads SubjectPublicKeyInfo in DER, in the one encoding that a key has.</summary>
    /// <exception cref="MalformedInputException">As <see cref="Read"/>.</exception>
    public static VerificationKey FromSubjectPublicKeyInfo(ReadOnlyMemory<byte> der)
    {
        try
        {
            return der.Length > MaximumLength ? throw Malformed($"{der.Length} bytes are more than a key can have")
                : der.Span.StartsWith(Ed25519Prefix) ? FromEd25519(der[Ed25519Prefix.Length..])
                : IsRsa(der) ? FromRsa(der)
                : FromEllipticCurve(der);
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException or ArgumentException)
        {
            throw Malformed("not an RSA, P-256, P-384 or Ed25519 key in SubjectPublicKeyInfo");
        }
    }

    /// <summary>An Ed25519 key from its 32 bytes.</summary>
    /// <exception cref="MalformedInputException">They are no point of the prime-order group.</exception>
    public static VerificationKey FromEd25519(ReadOnlyMemory<byte> key)
    {
        // A point of small order verifies signatures that nobody made.
        return key.Length == Ed25519.PublicKeySize && Ed25519.ValidatePublicKeyFull(key.ToArray(), 0)
            ? new((byte[])[.. Ed25519Prefix, .. key.Span], KeyKind.Ed25519, 8 * Ed25519.PublicKeySize)
            : throw Malformed("not an Ed25519 key");
    }

    /// <summary>Whether a signature over a message is this key's by the scheme. False also when the scheme is not this kind of key's.</summary>
    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature, SignatureScheme scheme)
    {
        if (scheme.Kind() != Kind)
        {
            return false;
        }

        if (Kind == KeyKind.Ed25519)
        {
            return signature.Length == Ed25519.SignatureSize
                && Ed25519.Verify(signature.ToArray(), 0, Ed25519Bytes.ToArray(), 0, message.ToArray(), 0, message.Length);
        }

        try
        {
            if (Kind == KeyKind.Rsa)
            {
                using RSA rsa = RSA.Create();
                rsa.ImportSubjectPublicKeyInfo(SubjectPublicKeyInfo.Span, out _);
                bool isPss = scheme is SignatureScheme.RsaPssSha256 or SignatureScheme.RsaPssSha384 or SignatureScheme.RsaPssSha512;
                return rsa.VerifyData(message, signature, scheme.Hash(), isPss ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1);
            }

            using ECDsa ecdsa = ECDsa.Create();
            ecdsa.ImportSubjectPublicKeyInfo(SubjectPublicKeyInfo.Span, out _);
            return ecdsa.VerifyData(message, signature, scheme.Hash(), DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            return false; // a signature that is none
        }
    }

    private static bool IsRsa(ReadOnlyMemory<byte> der) =>
        new AsnReader(der, AsnEncodingRules.DER).ReadSequence().ReadSequence().ReadObjectIdentifier() == "1.2.840.113549.1.1.1";

    private static VerificationKey FromRsa(ReadOnlyMemory<byte> der)
    {
        using RSA rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(der.Span, out _);
        RSAParameters parameters = rsa.ExportParameters(includePrivateParameters: false);
        RefuseOtherEncoding(der, rsa.ExportSubjectPublicKeyInfo());
        return rsa.KeySize is < MinimumRsaBits or > MaximumRsaBits ? throw Malformed($"an RSA key of {rsa.KeySize} bits; {MinimumRsaBits} to {MaximumRsaBits} are trusted")
            : parameters.Exponent is not [1, 0, 1] ? throw Malformed("an RSA key whose public exponent is not 65537")
            : (parameters.Modulus![^1] & 1) == 0 ? throw Malformed("an RSA key with an even modulus")
            : new(der.ToArray(), KeyKind.Rsa, rsa.KeySize);
    }

    private static VerificationKey FromEllipticCurve(ReadOnlyMemory<byte> der)
    {
        using ECDsa ecdsa = ECDsa.Create();
        ecdsa.ImportSubjectPublicKeyInfo(der.Span, out _);
        RefuseOtherEncoding(der, ecdsa.ExportSubjectPublicKeyInfo());
        ECCurve curve = ecdsa.ExportParameters(includePrivateParameters: false).Curve;
        return !curve.IsNamed ? throw Malformed("a curve without a name")
            : curve.Oid.Value == "1.2.840.10045.3.1.7" ? new(der.ToArray(), KeyKind.EcdsaP256, ecdsa.KeySize)
            : curve.Oid.Value == "1.3.132.0.34" ? new(der.ToArray(), KeyKind.EcdsaP384, ecdsa.KeySize)
            : throw Malformed($"curve {curve.Oid.FriendlyName ?? curve.Oid.Value} is neither P-256 nor P-384");
    }

    private static void RefuseOtherEncoding(ReadOnlyMemory<byte> given, byte[] canonical)
    {
        if (!given.Span.SequenceEqual(canonical))
        {
            throw Malformed("a key in another encoding than its one form, which would give it a second key id");
        }
    }

    private static MalformedInputException Malformed(string problem) => new(Format, 0, problem);
}
