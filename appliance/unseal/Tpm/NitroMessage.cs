using System.Formats.Cbor;
using Mantle.Formats.Bytes;

namespace Mantle.Unseal.Tpm;

/// <summary>Request and answer in the index: CBOR, as the Nitro Secure Module's interface has them.</summary>
internal static class NitroMessage
{
    /// <summary>Most bytes of each member of a request: the older documents say 512 for two of them, the newer 1024 for all.</summary>
    public const int MaximumMember = 512;

    private const string Format = "nitro answer";
    private const int MaximumDocument = 7168;

    /// <summary>A request for an attestation document.</summary>
    public static byte[] WriteRequest(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> userData, ReadOnlySpan<byte> nonce)
    {
        CborWriter writer = new();
        writer.WriteStartMap(1);
        writer.WriteTextString("Attestation");
        writer.WriteStartMap(3);
        WriteOptional(writer, "user_data", userData);
        WriteOptional(writer, "nonce", nonce);
        WriteOptional(writer, "public_key", publicKey);
        writer.WriteEndMap();
        writer.WriteEndMap();
        return writer.Encode();
    }

    /// <summary>The document in an answer. What follows the answer in the index means nothing.</summary>
    /// <exception cref="MalformedInputException">It is no such answer; also when it is an error.</exception>
    public static byte[] ReadDocument(ReadOnlyMemory<byte> index)
    {
        CborReader reader = new(index, CborConformanceMode.Lax, allowMultipleRootLevelValues: true);
        try
        {
            ReadName(reader, "Attestation");
            ReadName(reader, "document");
            byte[] document = reader.ReadByteString();
            reader.ReadEndMap();
            reader.ReadEndMap();
            return document.Length is > 0 and <= MaximumDocument ? document : throw Malformed(reader, index, $"a document of {document.Length} bytes");
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException)
        {
            throw Malformed(reader, index, "not the CBOR of an answer with a document");
        }
    }

    private static void ReadName(CborReader reader, string name)
    {
        if (reader.ReadStartMap() is not (1 or null) || reader.PeekState() != CborReaderState.TextString || reader.ReadTextString() != name)
        {
            throw new CborContentException("another member");
        }
    }

    private static MalformedInputException Malformed(CborReader reader, ReadOnlyMemory<byte> index, string problem) => new(Format, index.Length - reader.BytesRemaining, problem);

    private static void WriteOptional(CborWriter writer, string name, ReadOnlySpan<byte> value)
    {
        writer.WriteTextString(name);
        if (value.IsEmpty)
        {
            writer.WriteNull();
        }
        else
        {
            writer.WriteByteString(value);
        }
    }
}
