using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Tpm;

/// <summary>
/// What a TPM signs when it attests (TPMS_ATTEST, TPM 2.0 part 2, 10.12.12). A restricted key signs no other data that starts with
/// <see cref="Generated"/>, so the structure is the TPM's own; that holds only once the signature has been verified.
/// </summary>
public sealed class TpmAttestation
{
    /// <summary>TPM_GENERATED_VALUE, 0xFF and "TCG" (part 2, 6.2).</summary>
    public const uint Generated = 0xff544347;

    /// <summary>TPM_ST_ATTEST_QUOTE (part 2, 6.9).</summary>
    public const ushort QuoteType = 0x8018;

    internal const string Format = "tpm attestation";

    private const ushort FirstType = 0x8014;
    private const ushort LastType = 0x801d;
    private const int MaximumLength = 4096;

    private TpmAttestation(ReadOnlyMemory<byte> bytes) => Bytes = bytes;

    /// <summary>The structure, which is what is signed.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Kind of attestation: <see cref="QuoteType"/> for a quote.</summary>
    public ushort Type { get; private init; }

    /// <summary>The signing key's qualified name (TPM2B_NAME); may be empty.</summary>
    public ReadOnlyMemory<byte> QualifiedSigner { get; private init; }

    /// <summary>What the requester gave: a nonce, or what a nonce was made of.</summary>
    public ReadOnlyMemory<byte> ExtraData { get; private init; }

    /// <summary>Milliseconds that the TPM has been on since it was last cleared (part 2, 10.11.1).</summary>
    public ulong Clock { get; private init; }

    /// <summary>Resets of the TPM since it was last cleared.</summary>
    public uint ResetCount { get; private init; }

    /// <summary>Restarts and resumes since the last reset.</summary>
    public uint RestartCount { get; private init; }

    /// <summary>Whether no higher value of the clock has been reported before.</summary>
    public bool IsClockSafe { get; private init; }

    /// <summary>The vendor's number of the firmware.</summary>
    public ulong FirmwareVersion { get; private init; }

    /// <summary>The registers of a quote; empty for other kinds.</summary>
    public IReadOnlyList<PcrSelection> Selections { get; private init; } = [];

    /// <summary>The digest over the registers of a quote, made with the hash of the signing scheme; empty for other kinds.</summary>
    public ReadOnlyMemory<byte> PcrDigest { get; private init; }

    /// <summary>Reads the structure, or one with its size in front (TPM2B_ATTEST).</summary>
    /// <exception cref="MalformedInputException">The bytes are no attestation; without the TPM's magic number they are none either.</exception>
    public static TpmAttestation Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > MaximumLength)
        {
            throw new MalformedInputException(Format, 0, $"{bytes.Length} bytes are more than the {MaximumLength} that an attestation can have");
        }

        // No attestation starts with its own size: the first byte is 0xff.
        if (bytes.Length > 2 && BinaryPrimitives.ReadUInt16BigEndian(bytes.Span) == bytes.Length - 2)
        {
            bytes = bytes[2..];
        }

        SpanReader reader = new(bytes.Span, Format);
        uint magic = reader.ReadUInt32BigEndian();
        if (magic != Generated)
        {
            throw new MalformedInputException(Format, 0, $"magic number 0x{magic:x8} is not 0x{Generated:x8}: no TPM has made this");
        }

        ushort type = reader.ReadUInt16BigEndian();
        if (type is < FirstType or > LastType)
        {
            throw new MalformedInputException(Format, 4, $"type 0x{type:x4} is none of an attestation");
        }

        ReadOnlyMemory<byte> signer = ReadSized(ref reader, bytes, "the signer's name", 66);
        ReadOnlyMemory<byte> extraData = ReadSized(ref reader, bytes, "the extra data", 66);
        ulong clock = ReadUInt64(ref reader);
        uint resetCount = reader.ReadUInt32BigEndian();
        uint restartCount = reader.ReadUInt32BigEndian();
        byte safe = reader.ReadByte();
        if (safe > 1)
        {
            throw reader.Malformed($"clock safety {safe} is neither yes nor no");
        }

        ulong firmwareVersion = ReadUInt64(ref reader);
        IReadOnlyList<PcrSelection> selections = [];
        ReadOnlyMemory<byte> digest = default;
        if (type == QuoteType)
        {
            selections = PcrSelection.ReadList(ref reader);
            digest = ReadSized(ref reader, bytes, "the digest", TpmHash.MaximumDigestSize);
            if (reader.Remaining > 0)
            {
                throw reader.Malformed($"{reader.Remaining} bytes follow the quote");
            }
        }

        return new(bytes)
        {
            Type = type,
            QualifiedSigner = signer,
            ExtraData = extraData,
            Clock = clock,
            ResetCount = resetCount,
            RestartCount = restartCount,
            IsClockSafe = safe == 1,
            FirmwareVersion = firmwareVersion,
            Selections = selections,
            PcrDigest = digest,
        };
    }

    internal static ReadOnlyMemory<byte> ReadSized(ref SpanReader reader, ReadOnlyMemory<byte> whole, string what, int maximum)
    {
        int size = reader.ReadUInt16BigEndian();
        if (size > maximum)
        {
            throw reader.Malformed($"{what} of {size} bytes is longer than {maximum}");
        }

        int start = reader.Position;
        reader.Skip(size);
        return whole.Slice(start, size);
    }

    private static ulong ReadUInt64(ref SpanReader reader) => BinaryPrimitives.ReadUInt64BigEndian(reader.ReadBytes(8));
}
