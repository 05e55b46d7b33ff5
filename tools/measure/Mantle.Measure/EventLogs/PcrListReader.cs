using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;

namespace Mantle.Measure.EventLogs;

/// <summary>
/// Reads lists of PCR values: what <c>tpm2_pcrread</c> prints, the end of what <c>tpm2_eventlog</c> prints, plain <c>index: hex</c> lines, and
/// as JSON <c>measurements.json</c>, what AWS's <c>nitro-tpm-pcr-compute</c> prints, or an object of banks.
/// </summary>
public static partial class PcrListReader
{
    internal const string Format = "pcr list";

    private const int MaximumLength = 4 << 20;

    private static readonly TpmAlgorithm[] s_bySize = [TpmAlgorithm.Sha1, TpmAlgorithm.Sha256, TpmAlgorithm.Sha384, TpmAlgorithm.Sha512];

    /// <summary>Reads a list. A line that is no value, a value that comes twice or has a size that its bank has not is malformed.</summary>
    /// <param name="source">The text, in UTF-8.</param>
    /// <param name="keepOtherSizes">Keeps values of other sizes under a named bank.</param>
    /// <exception cref="MalformedInputException">The text is no such list.</exception>
    public static PcrList Read(ByteSource source, bool keepOtherSizes = false)
    {
        if (source.Length > MaximumLength)
        {
            throw new MalformedInputException(Format, 0, $"{source.Length} bytes are more than such a list can have");
        }

        byte[] bytes = source.ToArray();
        ReadOnlySpan<byte> text = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes.AsSpan(Encoding.UTF8.Preamble.Length) : bytes;
        PcrList list = text.TrimStart(" \t\r\n"u8) is [(byte)'{', ..]
            ? ReadJson(bytes.AsMemory(bytes.Length - text.Length), keepOtherSizes)
            : ReadLines(text, keepOtherSizes);
        return list.Count > 0 ? list : throw new MalformedInputException(Format, 0, "there is no value in it");
    }

    private static PcrList ReadLines(ReadOnlySpan<byte> text, bool keepOtherSizes)
    {
        PcrList list = new();
        TpmAlgorithm? bank = null;
        bool isSkipped = false;
        int number = 0;
        foreach (Range range in text.Split((byte)'\n'))
        {
            number++;
            ReadOnlySpan<byte> line = text[range].Trim(" \t\r"u8);
            if (line.IsEmpty || line[0] == '#' || line.SequenceEqual("---"u8) || line.SequenceEqual("pcrs:"u8))
            {
                continue;
            }

            if (line[^1] == ':' && !char.IsAsciiDigit((char)line[0]))
            {
                string name = Encoding.Latin1.GetString(line[..^1].TrimEnd((byte)' '));
                isSkipped = name == TpmAlgorithm.Sm3.Name();
                bank = TpmHash.TryParse(name, out TpmAlgorithm known) ? known
                    : isSkipped ? null
                    : throw Malformed(number, "a bank that is none of sha1, sha256, sha384, sha512, sm3_256");
                continue;
            }

            (int index, byte[] value) = ReadEntry(line, number);
            if (!isSkipped)
            {
                Add(list, bank, index, value, $"line {number}", keepOtherSizes);
            }
        }

        return list;
    }

    /// <summary><c>4 : 0xAB…</c>, <c>PCR-04: AB CD …</c>, <c>4 ab…</c>.</summary>
    private static (int Index, byte[] Value) ReadEntry(ReadOnlySpan<byte> line, int number)
    {
        ReadOnlySpan<byte> rest = line;
        if (rest.StartsWith("PCR"u8) || rest.StartsWith("pcr"u8))
        {
            rest = rest[3..].TrimStart(" -_"u8);
        }

        int index = 0;
        int digits = 0;
        while (digits < rest.Length && digits < 3 && char.IsAsciiDigit((char)rest[digits]))
        {
            index = (10 * index) + (rest[digits++] - '0');
        }

        ReadOnlySpan<byte> between = rest[digits..];
        ReadOnlySpan<byte> hex = between.TrimStart(" \t:="u8);
        if (digits is 0 or > 2 || index >= PcrValues.RegisterCount || hex.Length == between.Length)
        {
            throw Malformed(number, "no \"index: value\" with an index from 0 to 23");
        }

        hex = hex.StartsWith("0x"u8) || hex.StartsWith("0X"u8) ? hex[2..] : hex;
        byte[] value = new byte[hex.Length / 2];
        int count = 0;
        while (!hex.IsEmpty)
        {
            if (hex.Length < 2 || !char.IsAsciiHexDigit((char)hex[0]) || !char.IsAsciiHexDigit((char)hex[1]))
            {
                throw Malformed(number, "a value that is not hex");
            }

            value[count++] = (byte)((Nibble(hex[0]) << 4) | Nibble(hex[1]));
            hex = hex[2..].TrimStart((byte)' ');
        }

        return (index, value[..count]);
    }

    /// <summary>Without a named bank the size tells it.</summary>
    private static void Add(PcrList list, TpmAlgorithm? bank, int index, byte[] value, string place, bool keepOtherSizes)
    {
        TpmAlgorithm? bySize = Array.Find(s_bySize, candidate => candidate.DigestSize() == value.Length) is var found && found != default ? found : null;
        TpmAlgorithm chosen = bank ?? bySize ?? throw new MalformedInputException(Format, 0, $"{place}: {value.Length} bytes are the value of no bank");
        if (value.Length == 0 || value.Length > TpmHash.MaximumDigestSize || (!keepOtherSizes && chosen != bySize))
        {
            throw new MalformedInputException(Format, 0, $"{place}: {value.Length} bytes, but a {chosen.Name()} value has {chosen.DigestSize()}");
        }

        if (!list.TryAdd(chosen, index, value))
        {
            throw new MalformedInputException(Format, 0, $"{place}: PCR {index} of {chosen.Name()} comes twice");
        }
    }

    private static int Nibble(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static MalformedInputException Malformed(int line, string problem) => new(Format, 0, $"line {line}: {problem}");
}
