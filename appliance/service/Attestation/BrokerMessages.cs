using System.Buffers.Binary;

namespace Mantle.Service.Attestation;

/// <summary>
/// What goes over the broker's socket. Request: version, SHA-256 of the TLS key, length of the nonce, nonce. Answer: status, length (big-endian, 32 bits), document.
/// </summary>
internal static class BrokerMessages
{
    /// <summary>Bytes before an answer's document.</summary>
    public const int AnswerHeaderLength = 5;

    /// <summary>Greatest document in bytes. A NitroTPM hands over 8 KiB at most.</summary>
    public const int MaximumDocument = 16 * 1024;

    /// <summary>Greatest nonce in bytes.</summary>
    public const int MaximumNonce = 64;

    private const byte Version = 1;

    /// <summary>Makes a request.</summary>
    public static byte[] Request(ReadOnlySpan<byte> keyDigest, ReadOnlySpan<byte> nonce) => [Version, .. keyDigest, checked((byte)nonce.Length), .. nonce];

    /// <summary>Reads an answer's first bytes.</summary>
    /// <returns>The status, and how many bytes follow.</returns>
    /// <exception cref="InvalidDataException">No broker says that.</exception>
    public static (BrokerStatus Status, int Length) ReadHeader(ReadOnlySpan<byte> header)
    {
        BrokerStatus status = (BrokerStatus)header[0];
        uint length = BinaryPrimitives.ReadUInt32BigEndian(header[1..AnswerHeaderLength]);
        return status switch
        {
            BrokerStatus.Ok when length is > 0 and <= MaximumDocument => (status, (int)length),
            BrokerStatus.Ok => throw new InvalidDataException($"a document of {length} bytes"),
            BrokerStatus.RateLimited or BrokerStatus.TpmFailed or BrokerStatus.BadRequest when length == 0 => (status, 0),
            BrokerStatus.RateLimited or BrokerStatus.TpmFailed or BrokerStatus.BadRequest => throw new InvalidDataException("a document behind a refusal"),
            _ => throw new InvalidDataException($"status {header[0]} is unknown"),
        };
    }
}
