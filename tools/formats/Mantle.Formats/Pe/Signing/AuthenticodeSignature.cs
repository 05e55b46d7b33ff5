using System.Formats.Asn1;
using System.Security.Cryptography;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Pe.Signing;

/// <summary>
/// One Authenticode signature: PKCS#7 SignedData over SpcIndirectDataContent (Windows Authenticode Portable Executable Signature Format, 1.0; RFC 2315).
/// Only what firmware reads is kept; opus information, time stamps and other attributes are passed over.
/// </summary>
public sealed class AuthenticodeSignature
{
    internal const string Format = "authenticode";

    private const string SignedData = "1.2.840.113549.1.7.2";
    private const string SpcIndirectData = "1.3.6.1.4.1.311.2.1.4";

    private AuthenticodeSignature()
    {
    }

    /// <summary>The algorithm of <see cref="ImageDigest"/>.</summary>
    public required HashAlgorithmName DigestAlgorithm { get; init; }

    /// <summary>The image's Authenticode digest, as the signature claims it.</summary>
    public required ReadOnlyMemory<byte> ImageDigest { get; init; }

    /// <summary>The bytes that the signers' messageDigest attribute covers: SpcIndirectDataContent without tag and length.</summary>
    internal ReadOnlyMemory<byte> Content { get; private init; }

    /// <summary>The certificates that the signature carries, in its order.</summary>
    public required IReadOnlyList<SigningCertificate> Certificates { get; init; }

    /// <summary>The hash function that each signer's signature is over. Firmware accepts SHA-1 there; whoever asks for more looks here.</summary>
    public IReadOnlyList<HashAlgorithmName> SignerAlgorithms => [.. Signers.Select(signer => signer.DigestAlgorithm)];

    internal IReadOnlyList<AuthenticodeSigner> Signers { get; private init; } = [];

    /// <summary>
    /// Reads the content of a WIN_CERTIFICATE of type PKCS#7. Some signers count the zeros that pad it to 8 bytes as content, which firmware accepts.
    /// </summary>
    /// <exception cref="MalformedInputException">It is no Authenticode signature in DER.</exception>
    public static AuthenticodeSignature Read(ReadOnlyMemory<byte> der)
    {
        try
        {
            AsnReader outer = new(der, AsnEncodingRules.DER);
            int length = outer.PeekEncodedValue().Length;
            AsnReader contentInfo = outer.ReadSequence();
            ReadOnlySpan<byte> padding = der.Span[length..];
            if (padding.Length >= PeCertificate.Alignment || padding.ContainsAnyExcept((byte)0))
            {
                throw new MalformedInputException(Format, length, $"{padding.Length} bytes behind the signature are no padding");
            }

            if (contentInfo.ReadObjectIdentifier() != SignedData)
            {
                throw new MalformedInputException(Format, 0, "not PKCS#7 SignedData");
            }

            return ReadSignedData(contentInfo.ReadSequence(Explicit(0)).ReadSequence());
        }
        catch (AsnContentException)
        {
            throw new MalformedInputException(Format, 0, "not PKCS#7 in DER");
        }
    }

    internal static Asn1Tag Explicit(int number) => new(TagClass.ContextSpecific, number, isConstructed: true);

    /// <summary>The hash function of an object identifier.</summary>
    internal static HashAlgorithmName Hash(string identifier) => identifier switch
    {
        "1.3.14.3.2.26" => HashAlgorithmName.SHA1,
        "2.16.840.1.101.3.4.2.1" => HashAlgorithmName.SHA256,
        "2.16.840.1.101.3.4.2.2" => HashAlgorithmName.SHA384,
        "2.16.840.1.101.3.4.2.3" => HashAlgorithmName.SHA512,
        _ => throw new MalformedInputException(Format, 0, $"hash function {identifier} is not one that firmware knows"),
    };

    private static AuthenticodeSignature ReadSignedData(AsnReader signedData)
    {
        if (!signedData.TryReadInt32(out int version) || version != 1)
        {
            throw new MalformedInputException(Format, 0, "SignedData is not version 1, which firmware asks for");
        }

        signedData.ReadSetOf(); // digest algorithms: those of the signers
        AsnReader contentInfo = signedData.ReadSequence();
        if (contentInfo.ReadObjectIdentifier() != SpcIndirectData)
        {
            throw new MalformedInputException(Format, 0, "the signed content is not SpcIndirectDataContent");
        }

        AsnReader explicitContent = contentInfo.ReadSequence(Explicit(0));
        ReadOnlyMemory<byte> content = explicitContent.PeekContentBytes();
        AsnReader indirectData = explicitContent.ReadSequence();
        explicitContent.ThrowIfNotEmpty();
        indirectData.ReadSequence(); // SpcAttributeTypeAndOptionalValue
        AsnReader digestInfo = indirectData.ReadSequence();
        indirectData.ThrowIfNotEmpty();
        HashAlgorithmName algorithm = Hash(SigningCertificate.ReadAlgorithm(digestInfo));
        ReadOnlyMemory<byte> digest = digestInfo.ReadOctetString();
        digestInfo.ThrowIfNotEmpty();
        List<SigningCertificate> certificates = [];
        if (signedData.PeekTag().HasSameClassAndValue(Explicit(0)))
        {
            AsnReader set = signedData.ReadSetOf(skipSortOrderValidation: true, Explicit(0));
            while (set.HasData)
            {
                certificates.Add(SigningCertificate.Read(set.ReadEncodedValue()));
            }
        }

        if (signedData.PeekTag().HasSameClassAndValue(Explicit(1)))
        {
            signedData.ReadSetOf(skipSortOrderValidation: true, Explicit(1)); // revocation lists
        }

        AsnReader signerInfos = signedData.ReadSetOf(skipSortOrderValidation: true);
        signedData.ThrowIfNotEmpty();
        List<AuthenticodeSigner> signers = [];
        while (signerInfos.HasData)
        {
            signers.Add(AuthenticodeSigner.Read(signerInfos.ReadSequence()));
        }

        return signers.Count > 0
            ? new() { DigestAlgorithm = algorithm, ImageDigest = digest, Content = content, Certificates = certificates, Signers = signers }
            : throw new MalformedInputException(Format, 0, "no signer");
    }
}
