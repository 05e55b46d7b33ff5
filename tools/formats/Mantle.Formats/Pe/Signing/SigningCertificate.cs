using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Pe.Signing;

/// <summary>
/// What firmware looks at in an X.509 certificate (RFC 5280, 4.1): names, key, signature, and whether it may sign certificates. Validity, key purposes
/// and revocation lists are not looked at, for firmware has no clock that it trusts.
/// </summary>
public sealed class SigningCertificate
{
    internal const string Format = "x.509 certificate";

    private const int KeyCertSignBit = 5;

    private SigningCertificate()
    {
    }

    /// <summary>The whole certificate, DER.</summary>
    public required ReadOnlyMemory<byte> Der { get; init; }

    /// <summary>TBSCertificate, DER: what the issuer signed.</summary>
    public required ReadOnlyMemory<byte> SignedPart { get; init; }

    /// <summary>Issuer as encoded.</summary>
    public required ReadOnlyMemory<byte> Issuer { get; init; }

    /// <summary>Subject as encoded.</summary>
    public required ReadOnlyMemory<byte> Subject { get; init; }

    /// <summary>Serial number, the content octets.</summary>
    public required ReadOnlyMemory<byte> SerialNumber { get; init; }

    /// <summary>SubjectPublicKeyInfo as encoded.</summary>
    public required ReadOnlyMemory<byte> PublicKey { get; init; }

    /// <summary>The key's algorithm, an object identifier.</summary>
    public required string PublicKeyAlgorithm { get; init; }

    /// <summary>The algorithm of <see cref="Signature"/>, an object identifier.</summary>
    public required string SignatureAlgorithm { get; init; }

    /// <summary>The issuer's signature.</summary>
    public required ReadOnlyMemory<byte> Signature { get; init; }

    /// <summary>Whether the certificate may sign others: a CA by its basic constraints, a key usage that does not forbid it.</summary>
    public required bool IsAuthority { get; init; }

    /// <summary>How many authorities may stand below it; null: any number.</summary>
    public required int? PathLength { get; init; }

    /// <summary>The subject in words, for people (RFC 4514).</summary>
    public string SubjectText => new X500DistinguishedName(Subject.Span).Name;

    /// <summary>Whether issuer and subject are the same name.</summary>
    public bool IsSelfIssued => Issuer.Span.SequenceEqual(Subject.Span);

    /// <summary>Reads a certificate that fills the bytes, which are not copied.</summary>
    /// <exception cref="MalformedInputException">They are no certificate in DER.</exception>
    public static SigningCertificate Read(ReadOnlyMemory<byte> der)
    {
        try
        {
            AsnReader outer = new(der, AsnEncodingRules.DER);
            AsnReader certificate = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            ReadOnlyMemory<byte> signedPart = certificate.PeekEncodedValue();
            AsnReader body = certificate.ReadSequence();
            string signatureAlgorithm = ReadAlgorithm(certificate);
            byte[] signature = certificate.ReadBitString(out _);
            certificate.ThrowIfNotEmpty();
            return ReadBody(der, signedPart, body, signatureAlgorithm, signature);
        }
        catch (Exception e) when (e is AsnContentException or CryptographicException)
        {
            throw new MalformedInputException(Format, 0, "not a certificate in DER");
        }
    }

    /// <summary>The public key if it is RSA and one that can be used; null otherwise. The caller disposes it.</summary>
    public RSA? ReadRsaKey()
    {
        const string RsaEncryption = "1.2.840.113549.1.1.1";
        if (PublicKeyAlgorithm != RsaEncryption)
        {
            return null;
        }

        RSA key = RSA.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(PublicKey.Span, out _);
            return key;
        }
        catch (CryptographicException)
        {
            key.Dispose();
            return null;
        }
    }

    internal static string ReadAlgorithm(AsnReader reader) => reader.ReadSequence().ReadObjectIdentifier();

    private static SigningCertificate ReadBody(
        ReadOnlyMemory<byte> der, ReadOnlyMemory<byte> signedPart, AsnReader body, string signatureAlgorithm, byte[] signature)
    {
        Asn1Tag version = new(TagClass.ContextSpecific, 0, isConstructed: true);
        bool isFirstVersion = !body.PeekTag().HasSameClassAndValue(version);
        if (!isFirstVersion)
        {
            body.ReadSequence(version);
        }

        ReadOnlyMemory<byte> serial = body.ReadIntegerBytes();
        if (ReadAlgorithm(body) != signatureAlgorithm)
        {
            throw new MalformedInputException(Format, 0, "the two names of the signature algorithm differ");
        }

        ReadOnlyMemory<byte> issuer = body.ReadEncodedValue();
        body.ReadSequence(); // validity
        ReadOnlyMemory<byte> subject = body.ReadEncodedValue();
        _ = new X500DistinguishedName(subject.Span).Name; // a name that cannot be shown is refused now, not when it is shown
        ReadOnlyMemory<byte> key = body.ReadEncodedValue();
        string keyAlgorithm = ReadAlgorithm(new AsnReader(key, AsnEncodingRules.DER).ReadSequence());
        Constraints constraints = ReadExtensions(body);
        bool isSelfSignedFirstVersion = isFirstVersion && issuer.Span.SequenceEqual(subject.Span);
        return new()
        {
            Der = der,
            SignedPart = signedPart,
            Issuer = issuer,
            Subject = subject,
            SerialNumber = serial,
            PublicKey = key,
            PublicKeyAlgorithm = keyAlgorithm,
            SignatureAlgorithm = signatureAlgorithm,
            Signature = signature,
            // As OpenSSL judges it, which firmware uses: a key usage alone makes an authority too.
            IsAuthority = (constraints.IsAuthority ?? (isSelfSignedFirstVersion || constraints.MaySignCertificates == true)) && constraints.MaySignCertificates != false,
            PathLength = constraints.PathLength,
        };
    }

    private static Constraints ReadExtensions(AsnReader body)
    {
        Constraints constraints = default;
        Asn1Tag extensionsTag = new(TagClass.ContextSpecific, 3, isConstructed: true);
        while (body.HasData)
        {
            if (!body.PeekTag().HasSameClassAndValue(extensionsTag))
            {
                body.ReadEncodedValue(); // unique identifiers
                continue;
            }

            AsnReader extensions = body.ReadSequence(extensionsTag).ReadSequence();
            while (extensions.HasData)
            {
                AsnReader extension = extensions.ReadSequence();
                string identifier = extension.ReadObjectIdentifier();
                if (extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean))
                {
                    extension.ReadBoolean();
                }

                AsnReader value = new(extension.ReadOctetString(), AsnEncodingRules.DER);
                extension.ThrowIfNotEmpty();
                constraints = identifier switch
                {
                    "2.5.29.19" => ReadBasicConstraints(value, constraints),
                    "2.5.29.15" => constraints with { MaySignCertificates = ReadBit(value, KeyCertSignBit) },
                    _ => constraints,
                };
            }
        }

        return constraints;
    }

    private static Constraints ReadBasicConstraints(AsnReader value, Constraints constraints)
    {
        AsnReader sequence = value.ReadSequence();
        bool isAuthority = sequence.HasData && sequence.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && sequence.ReadBoolean();
        int? pathLength = null;
        if (sequence.HasData)
        {
            BigInteger length = sequence.ReadInteger();
            pathLength = length >= 0 && length <= int.MaxValue ? (int)length : throw new MalformedInputException(Format, 0, "a path length that is none");
        }

        sequence.ThrowIfNotEmpty();
        return constraints with { IsAuthority = isAuthority, PathLength = pathLength };
    }

    private static bool ReadBit(AsnReader value, int bit)
    {
        byte[] bits = value.ReadBitString(out _);
        return bits.Length > bit / 8 && (bits[bit / 8] & (0x80 >> (bit % 8))) != 0;
    }

    private record struct Constraints(bool? IsAuthority, int? PathLength, bool? MaySignCertificates);
}
