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

    /// <summary>How long the nonce is, told from the bytes before it.</summary>
    /// <exception cref="MalformedInputException">The version or the length is not known.</exception>
    public static int ReadNonceLength(ReadOnlySpan<byte> header) =>
        header[0] != 1 ? throw new MalformedInputException(Format, 0, "the version is not 1")
        : header[^1] > MaximumNonce ? throw new MalformedInputException(Format, HeaderLength - 1, $"a nonce of {header[^1]} bytes is longer than {MaximumNonce}")
        : header[^1];

    /// <summary>Reads a whole request.</summary>
    /// <exception cref="MalformedInputException">It is none.</exception>
    public static BrokerRequest Read(ReadOnlyMemory<byte> bytes)
    {
        SpanReader reader = new(bytes.Span, Format);
        int nonce = ReadNonceLength(reader.ReadBytes(HeaderLength));
        reader.Skip(nonce);
        return reader.Remaining == 0 ? new(bytes.Slice(1, DigestSize), bytes[HeaderLength..]) : throw reader.Malformed("bytes follow the request");
    }
}
