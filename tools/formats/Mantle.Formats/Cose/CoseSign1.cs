using System.Formats.Cbor;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Cose;

/// <summary>
/// A message with one signature (RFC 9052, 4.2: COSE_Sign1), restricted to what AWS's attestation documents have: nothing protected but the algorithm,
/// nothing unprotected, the payload inside. Nothing in it is trusted until the signature over <see cref="ToBeSigned()"/> has been verified.
/// </summary>
public sealed class CoseSign1
{
    /// <summary>The tag that may stand in front (RFC 9052, table 1).</summary>
    public const int Tag = 18;

    /// <summary>Larger than any attestation document by an order of magnitude; KMS takes 262,144 bytes.</summary>
    public const int MaximumLength = 262_144;

    internal const string Format = "cose";

    private const int AlgorithmLabel = 1;
    private const string Context = "Signature1";

    private CoseSign1(ReadOnlyMemory<byte> protectedHeader, CoseAlgorithm algorithm, ReadOnlyMemory<byte> payload, ReadOnlyMemory<byte> signature)
    {
        ProtectedHeader = protectedHeader;
        Algorithm = algorithm;
        Payload = payload;
        Signature = signature;
    }

    /// <summary>Whether tag 18 stands in front; NitroTPM's and Nitro Enclaves' documents have none.</summary>
    public bool IsTagged { get; private init; }

    /// <summary>The serialised protected header, as it is signed.</summary>
    public ReadOnlyMemory<byte> ProtectedHeader { get; }

    /// <summary>What the protected header names as the algorithm.</summary>
    public CoseAlgorithm Algorithm { get; }

    /// <summary>The signed content.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>Where in the input the payload starts.</summary>
    public int PayloadOffset { get; private init; }

    /// <summary>The signature: for ECDSA r and s, each as long as the curve's order (RFC 9053, 2.1).</summary>
    public ReadOnlyMemory<byte> Signature { get; }

    /// <summary>Length of the message in bytes.</summary>
    public int Length { get; private init; }

    /// <summary>Bytes behind the message, which nothing vouches for; 0 unless the reader was told to let them pass.</summary>
    public int TrailingLength { get; private init; }

    /// <summary>Reads a message.</summary>
    /// <param name="bytes">The message.</param>
    /// <param name="allowTrailing">Report bytes behind the message instead of refusing them.</param>
    /// <exception cref="MalformedInputException">The bytes are no such message.</exception>
    public static CoseSign1 Read(ReadOnlyMemory<byte> bytes, bool allowTrailing = false)
    {
        if (bytes.Length > MaximumLength)
        {
            throw new MalformedInputException(Format, MaximumLength, $"{bytes.Length} bytes are more than the {MaximumLength} that a document can have");
        }

        CborInput input = new(bytes, Format);
        bool isTagged = input.Remaining > 0 && input.IsTag;
        if (isTagged && input.ReadTag() is ulong tag and not Tag)
        {
            throw input.Malformed($"tag {tag} is not {Tag}");
        }

        ReadOnlyMemory<byte> protectedHeader = default;
        ReadOnlyMemory<byte> payload = default;
        ReadOnlyMemory<byte> signature = default;
        int payloadEnd = 0;
        int count = input.ReadArray("the message", 4, index =>
        {
            switch (index)
            {
                case 0:
                    protectedHeader = input.ReadBytes("the protected header", 0, 64);
                    break;
                case 1:
                    input.ReadMap("the unprotected header", 0, () => { });
                    break;
                case 2:
                    payload = input.ReadBytes("the payload", 1, MaximumLength);
                    payloadEnd = input.Position;
                    break;
                default:
                    signature = input.ReadBytes("the signature", 1, 256);
                    break;
            }
        });
        if (count != 4)
        {
            throw input.Malformed($"the message has {count} items, not 4");
        }

        if (input.Remaining > 0 && !allowTrailing)
        {
            throw input.Malformed($"{input.Remaining} bytes follow the message");
        }

        return new(protectedHeader, ReadAlgorithm(protectedHeader), payload, signature)
        {
            IsTagged = isTagged,
            PayloadOffset = payloadEnd - payload.Length,
            Length = input.Position,
            TrailingLength = input.Remaining,
        };
    }

    /// <summary>The bytes that the signature covers (RFC 9052, 4.4: Sig_structure without external data).</summary>
    public byte[] ToBeSigned() => ToBeSigned(ProtectedHeader.Span, Payload.Span);

    internal static byte[] ToBeSigned(ReadOnlySpan<byte> protectedHeader, ReadOnlySpan<byte> payload)
    {
        CborWriter writer = new();
        writer.WriteStartArray(4);
        writer.WriteTextString(Context);
        writer.WriteByteString(protectedHeader);
        writer.WriteByteString([]);
        writer.WriteByteString(payload);
        writer.WriteEndArray();
        return writer.Encode();
    }

    private static CoseAlgorithm ReadAlgorithm(ReadOnlyMemory<byte> header)
    {
        CborInput input = new(header, Format);
        int algorithm = 0;
        int count = input.ReadMap("the protected header", 1, () =>
        {
            int label = input.ReadInteger("a header's label");
            algorithm = label == AlgorithmLabel
                ? input.ReadInteger("the algorithm")
                : throw input.Malformed($"header {label} is not expected in the protected header");
        });
        return count == 1 && input.Remaining == 0
            ? (CoseAlgorithm)algorithm
            : throw input.Malformed(count == 0 ? "the protected header names no algorithm" : "bytes follow the protected header");
    }
}
