using Mantle.Formats.Bytes;

namespace Mantle.Formats.Tpm;

/// <summary>
/// The files in which tpm2-tools keep register values: "values", digest after digest (tpm2_pcrread -o, tpm2_quote -o -F values), and "serialized"
/// (tpm2_quote -o), the library's C structures with their padding, least significant byte first.
/// </summary>
public static class PcrFile
{
    internal const string Format = "pcr file";

    private const int SelectionSlots = 16;
    private const int SelectionSize = 8; // hash u16, length u8, 4 bytes of bits, 1 of padding
    private const int SelectionsSize = 4 + (SelectionSlots * SelectionSize);
    private const int DigestsPerList = 8;
    private const int DigestSlotSize = 2 + TpmHash.MaximumDigestSize;
    private const int ListSize = 4 + (DigestsPerList * DigestSlotSize);
    private const int MaximumRegisters = SelectionSlots * 32;

    /// <summary>Reads either form.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="selections">What a quote selects: the values' registers. A serialized file says it itself and must agree.</param>
    /// <exception cref="MalformedInputException">It is no such file, or not about these registers.</exception>
    public static SelectedPcrs Read(ReadOnlyMemory<byte> bytes, IReadOnlyList<PcrSelection> selections)
    {
        PcrSelection? unknown = selections.Where(selection => selection.Registers != 0 && selection.Bank.DigestSize() == 0).Cast<PcrSelection?>().FirstOrDefault();
        if (unknown is { } bank)
        {
            throw new MalformedInputException(Format, 0, $"digests of bank {bank.Bank.Name()} have no known size");
        }

        int size = selections.Sum(selection => selection.Bank.DigestSize() * (int)uint.PopCount(selection.Registers));
        return bytes.Length == size ? ReadValues(bytes, selections)
            : IsSerialized(bytes.Span) ? ReadSerialized(bytes, selections)
            : throw new MalformedInputException(
                Format, 0, $"{bytes.Length} bytes are neither the {size} of {string.Join('+', selections)} nor a serialized file of tpm2_quote");
    }

    private static bool IsSerialized(ReadOnlySpan<byte> bytes) => bytes.Length >= SelectionsSize + 4 && (bytes.Length - SelectionsSize - 4) % ListSize == 0;

    private static SelectedPcrs ReadValues(ReadOnlyMemory<byte> bytes, IReadOnlyList<PcrSelection> selections)
    {
        SpanReader reader = new(bytes.Span, Format);
        List<TpmDigest> digests = [];
        foreach (PcrSelection selection in selections)
        {
            for (uint left = uint.PopCount(selection.Registers); left > 0; left--)
            {
                digests.Add(new(selection.Bank, reader.ReadBytes(selection.Bank.DigestSize())));
            }
        }

        return new(selections, digests);
    }

    private static SelectedPcrs ReadSerialized(ReadOnlyMemory<byte> bytes, IReadOnlyList<PcrSelection> expected)
    {
        SpanReader reader = new(bytes.Span, Format);
        List<PcrSelection> selections = ReadSelections(ref reader);
        if (!selections.SequenceEqual(expected))
        {
            throw new MalformedInputException(Format, 0, $"the file is about {string.Join('+', selections)}, the quote about {string.Join('+', expected)}");
        }

        Queue<TpmAlgorithm> banks = new(selections.SelectMany(selection => Enumerable.Repeat(selection.Bank, (int)uint.PopCount(selection.Registers))));
        List<TpmDigest> digests = [];
        uint lists = reader.ReadUInt32LittleEndian();
        if (lists != (bytes.Length - SelectionsSize - 4) / ListSize || lists > MaximumRegisters)
        {
            throw reader.Malformed($"{lists} lists of digests in a file of {bytes.Length} bytes");
        }

        for (uint list = 0; list < lists; list++)
        {
            uint count = reader.ReadUInt32LittleEndian();
            if (count > DigestsPerList)
            {
                throw reader.Malformed($"{count} digests in a list");
            }

            for (uint slot = 0; slot < DigestsPerList; slot++)
            {
                int size = reader.ReadUInt16LittleEndian();
                ReadOnlySpan<byte> content = reader.ReadBytes(TpmHash.MaximumDigestSize);
                if (slot < count)
                {
                    digests.Add(banks.TryDequeue(out TpmAlgorithm bank) && size == bank.DigestSize()
                        ? new(bank, content[..size])
                        : throw reader.Malformed($"a digest of {size} bytes that no selected register has"));
                }
            }
        }

        return banks.Count == 0 ? new(selections, digests) : throw reader.Malformed($"{banks.Count} of the selected registers have no digest");
    }

    private static List<PcrSelection> ReadSelections(ref SpanReader reader)
    {
        uint count = reader.ReadUInt32LittleEndian();
        if (count > SelectionSlots)
        {
            throw reader.Malformed($"{count} selections");
        }

        List<PcrSelection> selections = [];
        for (uint slot = 0; slot < SelectionSlots; slot++)
        {
            TpmAlgorithm bank = (TpmAlgorithm)reader.ReadUInt16LittleEndian();
            byte size = reader.ReadByte();
            uint registers = 0;
            for (int i = 0; i < 4; i++)
            {
                byte bits = reader.ReadByte();
                registers |= i < size ? (uint)bits << (8 * i) : 0;
            }

            reader.Skip(1);
            if (slot < count)
            {
                selections.Add(new(bank, registers));
            }
        }

        return selections;
    }
}
