using Mantle.Formats.Bytes;

namespace Mantle.Formats.Tpm;

/// <summary>A response as it travels from the TPM: header, handles, parameters, authorisation area (TPM 2.0 part 1, 18).</summary>
public sealed class TpmResponse
{
    private readonly ReadOnlyMemory<byte> _bytes;

    private TpmResponse(ReadOnlyMemory<byte> bytes, ushort tag, uint code)
    {
        _bytes = bytes;
        Tag = tag;
        Code = code;
    }

    /// <summary>TPM_ST_NO_SESSIONS, TPM_ST_SESSIONS, or TPM_ST_RSP_COMMAND (0x00c4) of a TPM 1.2.</summary>
    public ushort Tag { get; }

    /// <summary>The response code; 0 is TPM_RC_SUCCESS.</summary>
    public uint Code { get; }

    /// <summary>Whether the TPM did what it was told.</summary>
    public bool IsSuccess => Code == 0;

    /// <summary>The whole response.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Reads the header; the size in it must be the number of bytes.</summary>
    /// <exception cref="MalformedInputException">The bytes are no response.</exception>
    public static TpmResponse Read(ReadOnlyMemory<byte> bytes)
    {
        SpanReader reader = new(bytes.Span, TpmCommand.Format);
        ushort tag = reader.ReadUInt16BigEndian();
        uint size = reader.ReadUInt32BigEndian();
        uint code = reader.ReadUInt32BigEndian();
        return size == bytes.Length
            ? new(bytes, tag, code)
            : throw new MalformedInputException(TpmCommand.Format, 2, $"size {size} but {bytes.Length} bytes");
    }

    /// <summary>The parameters of a successful response that has no handles.</summary>
    /// <exception cref="MalformedInputException">The response ends before them.</exception>
    public ReadOnlyMemory<byte> Parameters()
    {
        if (Tag != TpmCommand.Sessions)
        {
            return _bytes[TpmCommand.HeaderSize..];
        }

        SpanReader reader = new(_bytes.Span, TpmCommand.Format);
        reader.Skip(TpmCommand.HeaderSize);
        uint size = reader.ReadUInt32BigEndian();
        return size <= reader.Remaining
            ? _bytes.Slice(reader.Position, (int)size)
            : throw reader.Malformed($"parameters of {size} bytes but {reader.Remaining} are left");
    }

    /// <summary>A response that says only <paramref name="code"/>.</summary>
    public static byte[] WriteError(uint code)
    {
        byte[] response = new byte[TpmCommand.HeaderSize];
        TpmHeader.Write(response, TpmCommand.NoSessions, code);
        return response;
    }
}
