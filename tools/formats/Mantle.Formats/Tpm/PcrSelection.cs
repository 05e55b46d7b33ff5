using Mantle.Formats.Bytes;

namespace Mantle.Formats.Tpm;

/// <summary>Registers of one bank (TPMS_PCR_SELECTION, TPM 2.0 part 2, 10.6.2).</summary>
/// <param name="Bank">The bank; any number may stand here.</param>
/// <param name="Registers">Bit n is register n.</param>
public readonly record struct PcrSelection(TpmAlgorithm Bank, uint Registers)
{
    private const int MaximumBytes = 4;
    private const int MaximumCount = 16;

    /// <summary>The selected registers, ascending.</summary>
    public IEnumerable<int> Indexes
    {
        get
        {
            uint registers = Registers;
            return Enumerable.Range(0, 8 * MaximumBytes).Where(index => (registers >> index & 1) != 0);
        }
    }

    /// <summary>For example <c>sha256:4,7</c>, as tpm2-tools write it.</summary>
    public override string ToString() => $"{Bank.Name()}:{string.Join(',', Indexes)}";

    /// <summary>Reads one selection.</summary>
    /// <exception cref="MalformedInputException">It selects among more than 32 registers, or the bytes end before it does.</exception>
    public static PcrSelection Read(ref SpanReader reader)
    {
        TpmAlgorithm bank = (TpmAlgorithm)reader.ReadUInt16BigEndian();
        int size = reader.ReadByte();
        if (size > MaximumBytes)
        {
            throw reader.Malformed($"a selection of {8 * size} registers");
        }

        uint registers = 0;
        for (int i = 0; i < size; i++)
        {
            registers |= (uint)reader.ReadByte() << (8 * i);
        }

        return new(bank, registers);
    }

    /// <summary>Reads a list of selections (TPML_PCR_SELECTION, part 2, 10.9.7).</summary>
    /// <exception cref="MalformedInputException">It has more than 16, or one is wrong.</exception>
    public static IReadOnlyList<PcrSelection> ReadList(ref SpanReader reader)
    {
        uint count = reader.ReadUInt32BigEndian();
        if (count > MaximumCount)
        {
            throw reader.Malformed($"a list of {count} selections");
        }

        List<PcrSelection> selections = [];
        for (uint i = 0; i < count; i++)
        {
            selections.Add(Read(ref reader));
        }

        return selections;
    }
}
