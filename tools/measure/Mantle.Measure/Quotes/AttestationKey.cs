using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;

namespace Mantle.Measure.Quotes;

/// <summary>The public half of the key that signs quotes, in any of the forms in which it travels.</summary>
public sealed class AttestationKey : IDisposable
{
    private const ushort CurveP256 = 3;
    private const ushort CurveP384 = 4;
    private const int MaximumLength = 1 << 16;

    private AttestationKey(AsymmetricAlgorithm key, TpmPublic? publicArea, string form)
    {
        Key = key;
        PublicArea = publicArea;
        Form = form;
    }

    /// <summary>The key, RSA or ECDSA.</summary>
    public AsymmetricAlgorithm Key { get; }

    /// <summary>The TPM's public area, or null when only the key is known: it then says nothing of what else the key may sign.</summary>
    public TpmPublic? PublicArea { get; }

    /// <summary>The form in words, with kind and size.</summary>
    public string Form { get; }

    /// <summary>Reads TPM2B_PUBLIC, TPMT_PUBLIC, SubjectPublicKeyInfo in PEM or DER, or an uncompressed point of P-256 or P-384 (SEC 1, 2.3.3).</summary>
    /// <exception cref="MalformedInputException">It is none of them, or no key on its curve.</exception>
    public static AttestationKey Read(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return bytes.Length > MaximumLength ? throw Malformed($"{bytes.Length} bytes are more than a key can have")
                : bytes.Span.IndexOf("-----BEGIN"u8) >= 0 ? FromSubjectPublicKeyInfo(Pem(bytes), "PEM")
                : bytes.Length is 65 or 97 && bytes.Span[0] == 4 ? FromPoint(bytes.Span)
                : bytes.Length > 0 && bytes.Span[0] == 0x30 ? FromSubjectPublicKeyInfo(bytes, "DER")
                : FromPublicArea(TpmPublic.Read(bytes));
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException or FormatException)
        {
            throw Malformed("not a key in PEM, in DER, or in a TPM's public area");
        }
    }

    /// <summary>Verifies a signature over a quote. RSAPSS has a salt as long as the digest, which TPMs use that follow FIPS 186-4 (TPM 2.0 part 1, B.7).</summary>
    /// <param name="data">The quote.</param>
    /// <param name="signature">TPMT_SIGNATURE, or a bare signature: DER for ECDSA, as it is for RSA.</param>
    /// <param name="bareHash">The hash of a bare signature, which does not say it itself.</param>
    /// <returns>Whether it holds, and how it was verified.</returns>
    /// <exception cref="MalformedInputException">The signature starts like a TPMT_SIGNATURE and is none.</exception>
    public (bool Holds, string Scheme, TpmAlgorithm Hash) Verify(ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> signature, TpmAlgorithm bareHash)
    {
        if (!TpmSignature.IsLikely(signature.Span))
        {
            return VerifyBare(data.Span, signature.Span, bareHash);
        }

        TpmSignature parsed = TpmSignature.Read(signature);
        HashAlgorithmName hash = parsed.Hash.AlgorithmName();
        bool holds = (Key, parsed.Scheme) switch
        {
            (RSA rsa, TpmSignatureScheme.RsaSsa) => Try(() => rsa.VerifyData(data.Span, parsed.Rsa.Span, hash, RSASignaturePadding.Pkcs1)),
            (RSA rsa, TpmSignatureScheme.RsaPss) => Try(() => rsa.VerifyData(data.Span, parsed.Rsa.Span, hash, RSASignaturePadding.Pss)),
            (ECDsa ecdsa, TpmSignatureScheme.Ecdsa) => Try(() => ecdsa.VerifyData(data.Span, Fixed(ecdsa, parsed), hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)),
            _ => false,
        };
        return (holds, $"{parsed.Scheme} with {parsed.Hash.Name()}", parsed.Hash);
    }

    /// <inheritdoc/>
    public void Dispose() => Key.Dispose();

    private (bool Holds, string Scheme, TpmAlgorithm Hash) VerifyBare(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature, TpmAlgorithm bareHash)
    {
        HashAlgorithmName hash = bareHash.AlgorithmName();
        byte[] dataCopy = data.ToArray();
        byte[] signatureCopy = signature.ToArray();
        if (Key is ECDsa ecdsa)
        {
            return (Try(() => ecdsa.VerifyData(dataCopy, signatureCopy, hash, DSASignatureFormat.Rfc3279DerSequence)), $"bare ECDSA signature with {bareHash.Name()}", bareHash);
        }

        RSA rsa = (RSA)Key;
        return Try(() => rsa.VerifyData(dataCopy, signatureCopy, hash, RSASignaturePadding.Pkcs1))
            ? (true, $"bare RSASSA signature with {bareHash.Name()}", bareHash)
            : (Try(() => rsa.VerifyData(dataCopy, signatureCopy, hash, RSASignaturePadding.Pss)), $"bare RSAPSS signature with {bareHash.Name()}", bareHash);
    }

    private static bool Try(Func<bool> verify)
    {
        try
        {
            return verify();
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>r and s with leading zeros to the length of the curve's order; longer ones are cut and so cannot verify.</summary>
    private static byte[] Fixed(ECDsa key, TpmSignature signature)
    {
        int size = (key.KeySize + 7) / 8;
        byte[] both = new byte[2 * size];
        if (signature.R.Length <= size && signature.S.Length <= size)
        {
            signature.R.Span.CopyTo(both.AsSpan(size - signature.R.Length));
            signature.S.Span.CopyTo(both.AsSpan((2 * size) - signature.S.Length));
        }

        return both;
    }

    private static AttestationKey FromPublicArea(TpmPublic area)
    {
        if (area.IsRsa)
        {
            RSA rsa = RSA.Create(new RSAParameters { Modulus = area.Modulus.ToArray(), Exponent = Exponent(area.Exponent) });
            return new(rsa, area, $"TPM public area, RSA of {rsa.KeySize} bits");
        }

        ECCurve curve = area.Curve switch
        {
            CurveP256 => ECCurve.NamedCurves.nistP256,
            CurveP384 => ECCurve.NamedCurves.nistP384,
            _ => throw Malformed($"curve {area.Curve} is neither P-256 (3) nor P-384 (4)"),
        };
        int size = area.Curve == CurveP256 ? 32 : 48;
        return new(ECDsa.Create(new ECParameters { Curve = curve, Q = { X = Pad(area.X.Span, size), Y = Pad(area.Y.Span, size) } }), area, $"TPM public area, P-{8 * size}");
    }

    private static AttestationKey FromPoint(ReadOnlySpan<byte> point)
    {
        int size = (point.Length - 1) / 2;
        ECParameters parameters = new()
        {
            Curve = size == 32 ? ECCurve.NamedCurves.nistP256 : ECCurve.NamedCurves.nistP384,
            Q = { X = point.Slice(1, size).ToArray(), Y = point[(1 + size)..].ToArray() },
        };
        return new(ECDsa.Create(parameters), null, $"point of P-{8 * size}");
    }

    /// <summary>The algorithm is looked at first: a key with curve parameters of its own is never handed on.</summary>
    private static AttestationKey FromSubjectPublicKeyInfo(ReadOnlyMemory<byte> der, string form)
    {
        const string RsaKey = "1.2.840.113549.1.1.1";
        const string EllipticCurveKey = "1.2.840.10045.2.1";
        const string P256 = "1.2.840.10045.3.1.7";
        const string P384 = "1.3.132.0.34";
        AsnReader whole = new(der, AsnEncodingRules.DER);
        AsnReader algorithm = whole.ReadSequence().ReadSequence();
        whole.ThrowIfNotEmpty();
        string kind = algorithm.ReadObjectIdentifier();
        if (kind == RsaKey)
        {
            RSA rsa = RSA.Create();
            rsa.ImportSubjectPublicKeyInfo(der.Span, out _);
            return new(rsa, null, $"{form}, RSA of {rsa.KeySize} bits");
        }

        if (kind != EllipticCurveKey || algorithm.ReadObjectIdentifier() is not (P256 or P384))
        {
            throw Malformed("a key that is neither RSA nor on P-256 or P-384");
        }

        ECDsa ecdsa = ECDsa.Create();
        ecdsa.ImportSubjectPublicKeyInfo(der.Span, out _);
        return new(ecdsa, null, $"{form}, P-{ecdsa.KeySize}");
    }

    private static byte[] Pem(ReadOnlyMemory<byte> bytes)
    {
        string text = Encoding.ASCII.GetString(bytes.Span);
        return PemEncoding.TryFind(text, out PemFields fields) && text[fields.Label] == "PUBLIC KEY"
            ? Convert.FromBase64String(text[fields.Base64Data])
            : throw Malformed("PEM without a PUBLIC KEY");
    }

    private static byte[] Pad(ReadOnlySpan<byte> number, int size)
    {
        byte[] padded = new byte[size];
        if (number.Length > size)
        {
            throw Malformed($"a coordinate of {number.Length} bytes on a curve of {size}");
        }

        number.CopyTo(padded.AsSpan(size - number.Length));
        return padded;
    }

    private static byte[] Exponent(uint value)
    {
        byte[] bytes = new byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes.AsSpan().TrimStart((byte)0).ToArray();
    }

    private static MalformedInputException Malformed(string problem) => new("attestation key", 0, problem);
}
