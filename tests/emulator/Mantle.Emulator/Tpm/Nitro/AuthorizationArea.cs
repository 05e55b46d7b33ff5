using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;

namespace Mantle.Emulator.Tpm.Nitro;

/// <summary>TPMS_AUTH_COMMAND (TPM 2.0 part 2, 10.13.2).</summary>
internal sealed record Authorization(uint Session, byte[] Nonce, byte Attributes, byte[] Proof)
{
    public const uint Password = 0x40000009;
    public const byte ContinueSession = 0x01;
    public const byte Decrypt = 0x20;
    public const byte Encrypt = 0x40;
}

/// <summary>A command taken apart: handles, authorisations, parameters as they came.</summary>
internal sealed class ParsedCommand
{
    private ParsedCommand(uint[] handles, Authorization[] authorizations, byte[] parameters)
    {
        Handles = handles;
        Authorizations = authorizations;
        Parameters = parameters;
    }

    public uint[] Handles { get; }

    public Authorization[] Authorizations { get; }

    /// <summary>Decrypted in place once the session is known.</summary>
    public byte[] Parameters { get; set; }

    public static ParsedCommand Read(TpmCommand command, int handleCount)
    {
        try
        {
            uint[] handles = [.. Enumerable.Range(0, handleCount).Select(command.Handle)];
            byte[] parameters = command.Parameters(handleCount).ToArray();
            if (command.Tag != TpmCommand.Sessions)
            {
                return new(handles, [], parameters);
            }

            int start = TpmCommand.HeaderSize + (4 * handleCount) + 4;
            SpanReader reader = new(command.Bytes.Span[start..^parameters.Length], "authorisations");
            List<Authorization> authorizations = [];
            while (reader.Remaining > 0)
            {
                uint session = reader.ReadUInt32BigEndian();
                byte[] nonce = reader.ReadBytes(reader.ReadUInt16BigEndian()).ToArray();
                byte attributes = reader.ReadByte();
                authorizations.Add(new(session, nonce, attributes, reader.ReadBytes(reader.ReadUInt16BigEndian()).ToArray()));
            }

            return authorizations.Count is >= 1 and <= 3 ? new(handles, [.. authorizations], parameters) : throw new NitroRefusedException(NitroCode.CommandSize);
        }
        catch (MalformedInputException)
        {
            throw new NitroRefusedException(NitroCode.CommandSize);
        }
    }
}
