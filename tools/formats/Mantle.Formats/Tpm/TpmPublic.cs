using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Tpm;

/// <summary>The public area of an RSA or elliptic-curve key (TPMT_PUBLIC, TPM 2.0 part 2, 12.2.4).</summary>
public sealed class TpmPublic
{
    /// <summary>TPM_ALG_NULL.</summary>
    public const ushort NullAlgorithm = 0x0010;

    internal const string Format = "tpm public area";

    private const ushort RsaType = 0x0001;
    private const ushort EccType = 0x0023;
    private const ushort DefaultExponentField = 0;
    private const uint DefaultExponent = 65537;
    private const int MaximumRsaSize = 512;
    private const int MaximumEccSize = 66;

    private TpmPublic(ReadOnlyMemory<byte> bytes) => Bytes = bytes;

    /// <summary>The structure without a size in front, which is what the key's name is the digest of.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The hash of the key's name.</summary>
    public TpmAlgorithm NameAlgorithm { get; private set; }

    /// <summary>What the key may do.</summary>
    public TpmObjectAttributes Attributes { get; private set; }

    /// <summary>Scheme that the key is bound to, or <see cref="NullAlgorithm"/>.</summary>
    public ushort Scheme { get; private set; } = NullAlgorithm;

    /// <summary>Whether it is an RSA key.</summary>
    public bool IsRsa { get; private set; }

    /// <summary>RSA: the exponent.</summary>
    public uint Exponent { get; private set; }

    /// <summary>RSA: the modulus, big-endian.</summary>
    public ReadOnlyMemory<byte> Modulus { get; private set; }

    /// <summary>Elliptic curves: TPM_ECC_CURVE; 3 is P-256, 4 is P-384, 5 is P-521.</summary>
    public ushort Curve { get; private set; }

    /// <summary>Elliptic curves: x, big-endian.</summary>
    public ReadOnlyMemory<byte> X { get; private set; }

    /// <summary>Elliptic curves: y.</summary>
    public ReadOnlyMemory<byte> Y { get; private set; }

    /// <summary>The key's name: algorithm and digest of the public area (part 1, 16).</summary>
    /// <exception cref="NotSupportedException">The name's algorithm is not computable.</exception>
    public byte[] ComputeName()
    {
        byte[] name = new byte[2 + NameAlgorithm.DigestSize()];
        BinaryPrimitives.WriteUInt16BigEndian(name, (ushort)NameAlgorithm);
        NameAlgorithm.HashData(Bytes.Span).Bytes.CopyTo(name.AsSpan(2));
        return name;
    }

    /// <summary>Reads a public area, or one with its size in front (TPM2B_PUBLIC).</summary>
    /// <exception cref="MalformedInputException">The bytes are none, or the key is of another type.</exception>
    public static TpmPublic Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > 2 && BinaryPrimitives.ReadUInt16BigEndian(bytes.Span) == bytes.Length - 2)
        {
            bytes = bytes[2..];
        }

        TpmPublic key = new(bytes);
        SpanReader reader = new(bytes.Span, Format);
        ushort type = reader.ReadUInt16BigEndian();
        if (type is not (RsaType or EccType))
        {
            throw new MalformedInputException(Format, 0, $"type 0x{type:x4} is neither RSA nor an elliptic curve");
        }

        key.IsRsa = type == RsaType;
        key.NameAlgorithm = (TpmAlgorithm)reader.ReadUInt16BigEndian();
        if (!key.NameAlgorithm.IsComputable())
        {
            throw new MalformedInputException(Format, 2, $"name algorithm {key.NameAlgorithm.Name()} is not known");
        }

        key.Attributes = (TpmObjectAttributes)reader.ReadUInt32BigEndian();
        TpmAttestation.ReadSized(ref reader, bytes, "the policy", TpmHash.MaximumDigestSize);
        SkipSymmetric(ref reader);
        key.Scheme = ReadScheme(ref reader);
        if (key.IsRsa)
        {
            key.ReadRsa(ref reader);
        }
        else
        {
            key.ReadEcc(ref reader);
        }

        return reader.Remaining == 0 ? key : throw reader.Malformed($"{reader.Remaining} bytes follow the public area");
    }

    private void ReadRsa(ref SpanReader reader)
    {
        int bits = reader.ReadUInt16BigEndian();
        uint exponent = reader.ReadUInt32BigEndian();
        Exponent = exponent == DefaultExponentField ? DefaultExponent : exponent;
        Modulus = TpmAttestation.ReadSized(ref reader, Bytes, "the modulus", MaximumRsaSize);
        if (Modulus.Length == 0 || 8 * Modulus.Length != bits)
        {
            throw reader.Malformed($"a modulus of {Modulus.Length} bytes in a key of {bits} bits");
        }
    }

    private void ReadEcc(ref SpanReader reader)
    {
        Curve = reader.ReadUInt16BigEndian();
        ReadScheme(ref reader); // of key derivation
        X = TpmAttestation.ReadSized(ref reader, Bytes, "x", MaximumEccSize);
        Y = TpmAttestation.ReadSized(ref reader, Bytes, "y", MaximumEccSize);
    }

    /// <summary>TPMT_SYM_DEF_OBJECT (part 2, 11.1.7): without an algorithm nothing follows; else key bits and mode.</summary>
    private static void SkipSymmetric(ref SpanReader reader)
    {
        if (reader.ReadUInt16BigEndian() != NullAlgorithm)
        {
            reader.Skip(4);
        }
    }

    /// <summary>TPMT_RSA_SCHEME, TPMT_ECC_SCHEME, TPMT_KDF_SCHEME (part 2, 11.2): what follows the algorithm depends on it.</summary>
    private static ushort ReadScheme(ref SpanReader reader)
    {
        const ushort RsaEs = 0x0015;
        const ushort Ecdaa = 0x001a;
        ushort scheme = reader.ReadUInt16BigEndian();
        reader.Skip(scheme switch
        {
            NullAlgorithm or RsaEs => 0,
            Ecdaa => 4,
            _ => 2,
        });
        return scheme;
    }
}
