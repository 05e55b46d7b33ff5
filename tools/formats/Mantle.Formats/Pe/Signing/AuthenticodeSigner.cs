using System.Formats.Asn1;
using System.Security.Cryptography;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Pe.Signing;

/// <summary>A SignerInfo (RFC 2315, 9.2).</summary>
internal sealed class AuthenticodeSigner
{
    private const string ContentTypeAttribute = "1.2.840.113549.1.9.3";
    private const string MessageDigestAttribute = "1.2.840.113549.1.9.4";
    private const string SpcIndirectData = "1.3.6.1.4.1.311.2.1.4";

    /// <summary>Names the signer's certificate together with <see cref="SerialNumber"/>.</summary>
    public required ReadOnlyMemory<byte> Issuer { get; init; }

    public required ReadOnlyMemory<byte> SerialNumber { get; init; }

    public required HashAlgorithmName DigestAlgorithm { get; init; }

    /// <summary>The signed attributes as they are signed, with the tag of a SET; empty: the content itself is signed.</summary>
    public required ReadOnlyMemory<byte> SignedAttributes { get; init; }

    /// <summary>The attribute messageDigest; empty without signed attributes.</summary>
    public required ReadOnlyMemory<byte> MessageDigest { get; init; }

    public required ReadOnlyMemory<byte> Signature { get; init; }

    public static AuthenticodeSigner Read(AsnReader signer)
    {
        if (!signer.TryReadInt32(out int version) || version != 1)
        {
            throw new MalformedInputException(AuthenticodeSignature.Format, 0, "SignerInfo is not version 1");
        }

        AsnReader name = signer.ReadSequence();
        ReadOnlyMemory<byte> issuer = name.ReadEncodedValue();
        ReadOnlyMemory<byte> serial = name.ReadIntegerBytes();
        HashAlgorithmName algorithm = AuthenticodeSignature.Hash(SigningCertificate.ReadAlgorithm(signer));
        byte[] signed = [];
        ReadOnlyMemory<byte> digest = default;
        if (signer.PeekTag().HasSameClassAndValue(AuthenticodeSignature.Explicit(0)))
        {
            signed = signer.PeekEncodedValue().ToArray();
            signed[0] = 0x31; // what is signed has the tag of a SET, not the implicit one
            digest = ReadAttributes(signer.ReadSetOf(skipSortOrderValidation: true, AuthenticodeSignature.Explicit(0)));
        }

        SigningCertificate.ReadAlgorithm(signer);
        ReadOnlyMemory<byte> signature = signer.ReadOctetString();
        if (signer.HasData)
        {
            signer.ReadSetOf(skipSortOrderValidation: true, AuthenticodeSignature.Explicit(1)); // unsigned attributes
        }

        signer.ThrowIfNotEmpty();
        return new()
        {
            Issuer = issuer,
            SerialNumber = serial,
            DigestAlgorithm = algorithm,
            SignedAttributes = signed,
            MessageDigest = digest,
            Signature = signature,
        };
    }

    private static ReadOnlyMemory<byte> ReadAttributes(AsnReader attributes)
    {
        ReadOnlyMemory<byte>? digest = null;
        bool hasContentType = false;
        while (attributes.HasData)
        {
            AsnReader attribute = attributes.ReadSequence();
            string identifier = attribute.ReadObjectIdentifier();
            AsnReader values = attribute.ReadSetOf(skipSortOrderValidation: true);
            attribute.ThrowIfNotEmpty();
            if (identifier == MessageDigestAttribute && digest is null)
            {
                digest = values.ReadOctetString();
                values.ThrowIfNotEmpty();
            }
            else if (identifier == ContentTypeAttribute && !hasContentType && values.ReadObjectIdentifier() == SpcIndirectData)
            {
                hasContentType = true;
                values.ThrowIfNotEmpty();
            }
            else if (identifier is MessageDigestAttribute or ContentTypeAttribute)
            {
                throw new MalformedInputException(AuthenticodeSignature.Format, 0, "a signed attribute is there twice or is of another content");
            }
        }

        return hasContentType ? digest ?? Missing() : Missing();
    }

    private static ReadOnlyMemory<byte> Missing() =>
        throw new MalformedInputException(AuthenticodeSignature.Format, 0, "the signed attributes lack content type or digest");
}
