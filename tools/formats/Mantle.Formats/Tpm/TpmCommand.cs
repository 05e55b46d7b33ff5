using Mantle.Formats.Bytes;

namespace Mantle.Formats.Tpm;

/// <summary>
/// A command as it travels to the TPM: header, handles, authorisation area, parameters (TPM 2.0 part 1, 18). How many handles there are
/// depends on the command, so the caller says it.
/// </summary>
public sealed class TpmCommand
{
    /// <summary>Size of the header in bytes: tag, size, command code.</summary>
    public const int HeaderSize = 10;

    /// <summary>TPM_ST_NO_SESSIONS.</summary>
    public const ushort NoSessions = 0x8001;

    /// <summary>TPM_ST_SESSIONS: an authorisation area follows the handles.</summary>
    public const ushort Sessions = 0x8002;

    internal const string Format = "tpm";

    private readonly ReadOnlyMemory<byte> _bytes;

    private TpmCommand(ReadOnlyMemory<byte> bytes, ushort tag, TpmCommandCode code)
    {
        _bytes = bytes;
        Tag = tag;
        Code = code;
    }

    /// <summary>TPM_ST_NO_SESSIONS or TPM_ST_SESSIONS.</summary>
    public ushort Tag { get; }

    /// <summary>The command code; any number may stand here.</summary>
    public TpmCommandCode Code { get; }

    /// <summary>The whole command.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Reads the header; the size in it must be the number of bytes.</summary>
    /// <exception cref="MalformedInputException">The bytes are no command.</exception>
    public static TpmCommand Read(ReadOnlyMemory<byte> bytes)
    {
        SpanReader reader = new(bytes.Span, Format);
        ushort tag = reader.ReadUInt16BigEndian();
        uint size = reader.ReadUInt32BigEndian();
        uint code = reader.ReadUInt32BigEndian();
        if (tag is not (NoSessions or Sessions))
        {
            throw new MalformedInputException(Format, 0, $"tag 0x{tag:x4} is not that of a command");
        }

        if (size != bytes.Length)
        {
            throw new MalformedInputException(Format, 2, $"size {size} but {bytes.Length} bytes");
        }

        return new(bytes, tag, (TpmCommandCode)code);
    }

    /// <summary>One of the command's handles; the caller knows that the command has it.</summary>
    public uint Handle(int index)
    {
        SpanReader reader = new(_bytes.Span, Format);
        reader.Skip(HeaderSize + (4 * index));
        return reader.ReadUInt32BigEndian();
    }

    /// <summary>The parameters behind <paramref name="handleCount"/> handles and the authorisation area.</summary>
    /// <exception cref="MalformedInputException">The command ends before them.</exception>
    public ReadOnlyMemory<byte> Parameters(int handleCount)
    {
        SpanReader reader = new(_bytes.Span, Format);
        reader.Skip(HeaderSize + (4 * handleCount));
        if (Tag == Sessions)
        {
            uint size = reader.ReadUInt32BigEndian();
            if (size > reader.Remaining)
            {
                throw reader.Malformed($"authorisation area of {size} bytes but {reader.Remaining} are left");
            }

            reader.Skip((int)size);
        }

        return _bytes[reader.Position..];
    }

    /// <summary>A command without handles and sessions.</summary>
    public static byte[] Write(TpmCommandCode code, ReadOnlySpan<byte> parameters)
    {
        byte[] command = new byte[HeaderSize + parameters.Length];
        TpmHeader.Write(command, NoSessions, (uint)code);
        parameters.CopyTo(command.AsSpan(HeaderSize));
        return command;
    }
}
