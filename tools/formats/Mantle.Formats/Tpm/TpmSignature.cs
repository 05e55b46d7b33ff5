using Mantle.Formats.Bytes;

namespace Mantle.Formats.Tpm;

/// <summary>Signature schemes (TCG Algorithm Registry, table 3).</summary>
public enum TpmSignatureScheme : ushort
{
    /// <summary>TPM_ALG_RSASSA: PKCS #1 v1.5.</summary>
    RsaSsa = 0x0014,

    /// <summary>TPM_ALG_RSAPSS.</summary>
    RsaPss = 0x0016,

    /// <summary>TPM_ALG_ECDSA.</summary>
    Ecdsa = 0x0018,
}

/// <summary>A signature as a TPM returns it (TPMT_SIGNATURE, TPM 2.0 part 2, 11.3.4).</summary>
public sealed class TpmSignature
{
    internal const string Format = "tpm signature";

    private const int MaximumRsaSize = 512;
    private const int MaximumEccSize = 66;

    private TpmSignature(TpmSignatureScheme scheme, TpmAlgorithm hash)
    {
        Scheme = scheme;
        Hash = hash;
    }

    /// <summary>The scheme.</summary>
    public TpmSignatureScheme Scheme { get; }

    /// <summary>The hash that was signed.</summary>
    public TpmAlgorithm Hash { get; }

    /// <summary>RSA: the signature.</summary>
    public ReadOnlyMemory<byte> Rsa { get; private init; }

    /// <summary>ECDSA: r, big-endian, without leading zeros as the TPM likes.</summary>
    public ReadOnlyMemory<byte> R { get; private init; }

    /// <summary>ECDSA: s.</summary>
    public ReadOnlyMemory<byte> S { get; private init; }

    /// <summary>Whether the bytes start like such a structure; a bare ECDSA signature in DER starts with 0x30, a bare RSA one with anything.</summary>
    public static bool IsLikely(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 6 && bytes[0] == 0 && bytes[1] is 0x14 or 0x16 or 0x18 && bytes[2] == 0 && ((TpmAlgorithm)bytes[3]).IsComputable();

    /// <summary>Reads a signature; nothing may follow it.</summary>
    /// <exception cref="MalformedInputException">The bytes are none, or of a scheme other than RSASSA, RSAPSS and ECDSA.</exception>
    public static TpmSignature Read(ReadOnlyMemory<byte> bytes)
    {
        SpanReader reader = new(bytes.Span, Format);
        TpmSignatureScheme scheme = (TpmSignatureScheme)reader.ReadUInt16BigEndian();
        if (scheme is not (TpmSignatureScheme.RsaSsa or TpmSignatureScheme.RsaPss or TpmSignatureScheme.Ecdsa))
        {
            throw new MalformedInputException(Format, 0, $"scheme 0x{(ushort)scheme:x4} is none of RSASSA, RSAPSS and ECDSA");
        }

        TpmAlgorithm hash = (TpmAlgorithm)reader.ReadUInt16BigEndian();
        if (!hash.IsComputable())
        {
            throw new MalformedInputException(Format, 2, $"hash {hash.Name()} is not known");
        }

        TpmSignature signature = scheme == TpmSignatureScheme.Ecdsa
            ? new(scheme, hash)
            {
                R = TpmAttestation.ReadSized(ref reader, bytes, "r", MaximumEccSize),
                S = TpmAttestation.ReadSized(ref reader, bytes, "s", MaximumEccSize),
            }
            : new(scheme, hash) { Rsa = TpmAttestation.ReadSized(ref reader, bytes, "the signature", MaximumRsaSize) };
        return reader.Remaining == 0 ? signature : throw reader.Malformed($"{reader.Remaining} bytes follow the signature");
    }
}
