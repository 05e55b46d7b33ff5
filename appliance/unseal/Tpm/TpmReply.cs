using Mantle.Formats.Bytes;

namespace Mantle.Unseal.Tpm;

/// <summary>A successful response taken apart (TPM 2.0 part 1, 18): handle, parameters, and the authorisation area, which only a command with sessions gets.</summary>
internal readonly struct TpmReply
{
    internal const string Format = "tpm response";

    private const ushort NoSessions = 0x8001, Sessions = 0x8002;
    private const int HeaderSize = 10;

    private TpmReply(uint handle, byte[] parameters, byte[] authorizations)
    {
        Handle = handle;
        Parameters = parameters;
        Authorizations = authorizations;
    }

    /// <summary>The handle of what the command made; 0 if it makes nothing.</summary>
    public uint Handle { get; }

    /// <summary>The parameters, as they came.</summary>
    public byte[] Parameters { get; }

    /// <summary>TPMS_AUTH_RESPONSE of the sessions, one behind the other.</summary>
    public byte[] Authorizations { get; }

    /// <summary>The response code; the size in the header must be the number of bytes.</summary>
    /// <exception cref="MalformedInputException">The bytes are no response.</exception>
    public static uint ReadCode(ReadOnlySpan<byte> bytes)
    {
        SpanReader reader = new(bytes, Format);
        ushort tag = reader.ReadUInt16BigEndian();
        uint size = reader.ReadUInt32BigEndian();
        uint code = reader.ReadUInt32BigEndian();
        return tag is not (NoSessions or Sessions) ? throw new MalformedInputException(Format, 0, "another tag than a response has")
            : size != bytes.Length ? throw new MalformedInputException(Format, 2, "another size than the response has")
            : code != 0 && size != HeaderSize ? throw new MalformedInputException(Format, 2, "more than a header with an error")
            : code;
    }

    /// <summary>Reads the response to a command that succeeded.</summary>
    /// <param name="bytes">The response.</param>
    /// <param name="hasSessions">Whether the command had sessions: the response then has them, too.</param>
    /// <param name="hasHandle">Whether the command makes something that has a handle.</param>
    /// <exception cref="MalformedInputException">The bytes are no such response.</exception>
    public static TpmReply Read(ReadOnlySpan<byte> bytes, bool hasSessions, bool hasHandle)
    {
        SpanReader reader = new(bytes, Format);
        if (reader.ReadUInt16BigEndian() == Sessions != hasSessions)
        {
            throw new MalformedInputException(Format, 0, "sessions without need, or none");
        }

        reader.Skip(HeaderSize - 2);
        uint handle = hasHandle ? reader.ReadUInt32BigEndian() : 0;
        uint length = hasSessions ? reader.ReadUInt32BigEndian() : (uint)reader.Remaining;
        if (length > reader.Remaining)
        {
            throw reader.Malformed($"parameters of {length} bytes but {reader.Remaining} are left");
        }

        byte[] parameters = reader.ReadBytes((int)length).ToArray();
        return new(handle, parameters, reader.ReadBytes(reader.Remaining).ToArray());
    }
}
