using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Unseal.Broker;

/// <summary>The service's request for a document about its TLS key: version 1, SHA-256 of the SubjectPublicKeyInfo, length of the nonce (0 to 64), nonce.</summary>
internal readonly record struct BrokerRequest(ReadOnlyMemory<byte> KeyDigest, ReadOnlyMemory<byte> Nonce)
{
    /// <summary>Bytes before the nonce.</summary>
    public const int HeaderLength = 1 + DigestSize + 1;

    private const int DigestSize = 32;
    private const int MaximumNonce = 64;
    private const string Format = "attestation request";

    /// <summary>What the document says about the key.</summary>
    public byte[] UserData => Encoding.ASCII.GetBytes("mantle.tls-spki-sha256.v1:" + Convert.ToHexStringLower(KeyDigest.Span));

    /// <summary>Reads a whole request.</summary>
    /// <exception cref="MalformedInputException">It is none.</exception>
    public static BrokerRequest Read(ReadOnlyMemory<byte> bytes)
    {
        SpanReader reader = new(bytes.Span, Format);
        if (reader.ReadByte() != 1)
        {
            throw new MalformedInputException(Format, 0, "the version is not 1");
        }

        reader.Skip(DigestSize);
        int nonce = reader.ReadByte();
        if (nonce > MaximumNonce)
        {
            throw reader.Malformed($"a nonce of {nonce} bytes is longer than {MaximumNonce}");
        }

        reader.Skip(nonce);
        return reader.Remaining == 0 ? new(bytes.Slice(1, DigestSize), bytes[HeaderLength..]) : throw reader.Malformed("bytes follow the request");
    }
}
