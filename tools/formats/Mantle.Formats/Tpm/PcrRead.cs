using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Tpm;

/// <summary>TPM2_PCR_Read (TPM 2.0 part 3, 22.4) and the listing of active banks that tells what to read.</summary>
public static class PcrRead
{
    private const uint CapabilityPcrs = 5;
    private const int SelectionBytes = PcrValues.RegisterCount / 8;

    /// <summary>
    /// Reads every register of every active bank whose algorithm is known. A TPM answers at most eight digests at a time, so this takes
    /// several commands; the update counter in the answers must not move between them.
    /// </summary>
    /// <param name="transmit">Sends one command and returns the response.</param>
    /// <exception cref="MalformedInputException">A response is none, is an error, or lacks what was asked for.</exception>
    public static PcrValues ReadAll(Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> transmit)
    {
        uint? counter = null;
        List<KeyValuePair<TpmAlgorithm, IReadOnlyList<TpmDigest>>> values = [];
        foreach (TpmAlgorithm bank in ReadActiveBanks(transmit).Where(x => x.DigestSize() > 0))
        {
            TpmDigest[] registers = new TpmDigest[PcrValues.RegisterCount];
            uint missing = (1u << PcrValues.RegisterCount) - 1;
            while (missing != 0)
            {
                (uint seenCounter, uint got) = ReadDigests(Succeed(transmit, WriteCommand(bank, missing)), bank, missing, registers);
                if (counter is uint known && known != seenCounter)
                {
                    throw new MalformedInputException(TpmCommand.Format, TpmCommand.HeaderSize, "a register was extended while all were read");
                }

                counter = seenCounter;
                missing &= ~got;
            }

            values.Add(new(bank, registers));
        }

        return new(values);
    }

    /// <summary>The banks that have at least one register allocated (TPM2_GetCapability, TPM_CAP_PCRS).</summary>
    public static IReadOnlyList<TpmAlgorithm> ReadActiveBanks(Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> transmit)
    {
        byte[] parameters = new byte[12];
        BinaryPrimitives.WriteUInt32BigEndian(parameters, CapabilityPcrs);
        BinaryPrimitives.WriteUInt32BigEndian(parameters.AsSpan(8), 1);
        ReadOnlyMemory<byte> answer = Succeed(transmit, TpmCommand.Write(TpmCommandCode.GetCapability, parameters));

        SpanReader reader = new(answer.Span, TpmCommand.Format);
        reader.Skip(1);
        if (reader.ReadUInt32BigEndian() != CapabilityPcrs)
        {
            throw reader.Malformed("the answer is about another capability");
        }

        List<TpmAlgorithm> banks = [];
        uint count = reader.ReadUInt32BigEndian();
        for (uint i = 0; i < count; i++)
        {
            (TpmAlgorithm bank, uint selected) = PcrSelection.Read(ref reader);
            if (selected != 0)
            {
                banks.Add(bank);
            }
        }

        return banks;
    }

    /// <summary>The command for the registers of one bank whose bits are set in <paramref name="registers"/>.</summary>
    public static byte[] WriteCommand(TpmAlgorithm bank, uint registers)
    {
        byte[] parameters = new byte[4 + 2 + 1 + SelectionBytes];
        BinaryPrimitives.WriteUInt32BigEndian(parameters, 1);
        BinaryPrimitives.WriteUInt16BigEndian(parameters.AsSpan(4), (ushort)bank);
        parameters[6] = SelectionBytes;
        for (int i = 0; i < SelectionBytes; i++)
        {
            parameters[7 + i] = unchecked((byte)(registers >> (8 * i)));
        }

        return TpmCommand.Write(TpmCommandCode.PcrRead, parameters);
    }

    private static (uint Counter, uint Got) ReadDigests(ReadOnlyMemory<byte> parameters, TpmAlgorithm bank, uint asked, TpmDigest[] registers)
    {
        SpanReader reader = new(parameters.Span, TpmCommand.Format, TpmCommand.HeaderSize);
        uint counter = reader.ReadUInt32BigEndian();
        uint selections = reader.ReadUInt32BigEndian();
        if (selections != 1)
        {
            throw reader.Malformed($"{selections} selections, one was asked for");
        }

        (TpmAlgorithm answeredBank, uint got) = PcrSelection.Read(ref reader);
        if (answeredBank != bank || got == 0 || (got & ~asked) != 0)
        {
            throw reader.Malformed($"the answer is about {answeredBank.Name()} registers 0x{got:x}, not {bank.Name()} 0x{asked:x}");
        }

        uint count = reader.ReadUInt32BigEndian();
        if (count != uint.PopCount(got))
        {
            throw reader.Malformed($"{count} digests for {uint.PopCount(got)} registers");
        }

        for (int register = 0; register < PcrValues.RegisterCount; register++)
        {
            if ((got >> register & 1) != 0)
            {
                int size = reader.ReadUInt16BigEndian();
                registers[register] = size == bank.DigestSize()
                    ? new(bank, reader.ReadBytes(size))
                    : throw reader.Malformed($"a {bank.Name()} digest of {size} bytes");
            }
        }

        return reader.Remaining == 0 ? (counter, got) : throw reader.Malformed($"{reader.Remaining} bytes after the digests");
    }

    private static ReadOnlyMemory<byte> Succeed(Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> transmit, byte[] command)
    {
        TpmResponse response = TpmResponse.Read(transmit(command));
        return response.IsSuccess
            ? response.Parameters()
            : throw new MalformedInputException(TpmCommand.Format, 6, $"the TPM answers 0x{response.Code:x} to {TpmCommand.Read(command).Code}");
    }
}
