using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Fat;

/// <summary>Puts a long name together from the entries before the short one, and refuses every other order of them.</summary>
internal ref struct LongNameReader()
{
    private const int MaximumParts = 20;

    private readonly char[] _units = new char[MaximumParts * FatFormat.LongNameUnits];
    private int _parts;
    private int _next;
    private byte _checksum;

    /// <summary>Takes one part; they come last part first.</summary>
    public void Add(ReadOnlySpan<byte> entry, long offset)
    {
        int number = entry[0] & (FatFormat.LastLongEntry - 1);
        bool last = (entry[0] & FatFormat.LastLongEntry) != 0;
        if (number is 0 or > MaximumParts || (entry[0] & 0x80) != 0 || last != (_parts == 0) || (!last && (number != _next || entry[13] != _checksum)))
        {
            throw Malformed(offset, "long name entries are out of order");
        }

        _parts = last ? number : _parts;
        _next = number - 1;
        _checksum = entry[13];
        for (int i = 0; i < FatFormat.LongNameUnits; i++)
        {
            _units[(_next * FatFormat.LongNameUnits) + i] = (char)BinaryPrimitives.ReadUInt16LittleEndian(entry[FatFormat.LongNameOffsets[i]..]);
        }
    }

    /// <summary>The name that belongs to a short entry; null if there were no parts.</summary>
    public string? Take(ReadOnlySpan<byte> shortEntry, long offset)
    {
        if (_parts == 0)
        {
            return null;
        }

        if (_next != 0 || _checksum != FatFormat.Checksum(shortEntry))
        {
            throw Malformed(offset, "a long name does not belong to the short name behind it");
        }

        ReadOnlySpan<char> units = _units.AsSpan(0, _parts * FatFormat.LongNameUnits);
        int end = units.IndexOf('\0');
        ReadOnlySpan<char> name = end < 0 ? units : units[..end];
        bool padded = end < 0 || !units[(end + 1)..].ContainsAnyExcept('\uffff');
        if (!padded || name.Length is 0 or > FatFormat.MaximumNameUnits || name.Length <= (_parts - 1) * FatFormat.LongNameUnits)
        {
            throw Malformed(offset, "a long name is empty, too long or goes on behind its end");
        }

        _parts = 0;
        return new(name);
    }

    /// <summary>Requires that no parts wait for their short entry.</summary>
    public readonly void RequireNone(long offset)
    {
        if (_parts != 0)
        {
            throw Malformed(offset, "a long name has no short name behind it");
        }
    }

    private static MalformedInputException Malformed(long offset, string problem) => new(FatFormat.Name, offset, problem);
}
