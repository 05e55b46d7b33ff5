using Mantle.Formats.Bytes;

namespace Mantle.Formats.Tpm;

/// <summary>What one command did to one register: the digests that it extended, one a bank; none for a reset.</summary>
/// <param name="Register">The register, 0 to 23.</param>
/// <param name="Digests">What was extended, in the TPM's order of banks. Empty: the register was set to zeros.</param>
public sealed record PcrExtension(int Register, IReadOnlyList<TpmDigest> Digests)
{
    private const uint NullHandle = 0x40000007;

    /// <summary>Whether the register was reset rather than extended.</summary>
    public bool IsReset => Digests.Count == 0;

    /// <summary>
    /// What a command and its response did, or null if they changed no register: PCR_Extend, PCR_Event, EventSequenceComplete, PCR_Reset
    /// (TPM 2.0 part 3, 17.6 and 22).
    /// </summary>
    /// <exception cref="MalformedInputException">The TPM took the command, yet the bytes do not have its form.</exception>
    public static PcrExtension? Observe(TpmCommand command, TpmResponse response)
    {
        if (!response.IsSuccess)
        {
            return null;
        }

        switch (command.Code)
        {
            case TpmCommandCode.PcrExtend when command.Handle(0) != NullHandle:
                return Extended(command, command.Parameters(handleCount: 1));
            case TpmCommandCode.PcrEvent when command.Handle(0) != NullHandle:
            case TpmCommandCode.EventSequenceComplete when command.Handle(0) != NullHandle:
                return Extended(command, response.Parameters());
            case TpmCommandCode.PcrReset:
                return new(RegisterOf(command, 0), []);
            default:
                return null;
        }
    }

    /// <summary>Does the same to registers in software.</summary>
    public void ApplyTo(PcrState state)
    {
        if (IsReset)
        {
            state.Reset(Register);
        }

        foreach (TpmDigest digest in Digests)
        {
            state.Extend(Register, digest);
        }
    }

    private static PcrExtension? Extended(TpmCommand command, ReadOnlyMemory<byte> digestValues)
    {
        List<TpmDigest> digests = ReadDigests(digestValues);
        return digests.Count > 0 ? new(RegisterOf(command, 0), digests) : null;
    }

    private static int RegisterOf(TpmCommand command, int handle)
    {
        uint register = command.Handle(handle);
        return register < PcrValues.RegisterCount
            ? (int)register
            : throw new MalformedInputException(TpmCommand.Format, TpmCommand.HeaderSize, $"handle 0x{register:x} is no register");
    }

    private static List<TpmDigest> ReadDigests(ReadOnlyMemory<byte> parameters)
    {
        SpanReader reader = new(parameters.Span, TpmCommand.Format);
        uint count = reader.ReadUInt32BigEndian();
        List<TpmDigest> digests = [];
        for (uint i = 0; i < count; i++)
        {
            TpmAlgorithm algorithm = (TpmAlgorithm)reader.ReadUInt16BigEndian();
            int size = algorithm.DigestSize();
            digests.Add(size > 0 ? new(algorithm, reader.ReadBytes(size)) : throw reader.Malformed($"digest of unknown algorithm {algorithm.Name()}"));
        }

        return reader.Remaining == 0 ? digests : throw reader.Malformed($"{reader.Remaining} bytes after the digests");
    }
}
