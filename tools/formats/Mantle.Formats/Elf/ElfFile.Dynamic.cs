using Mantle.Formats.Bytes;

namespace Mantle.Formats.Elf;

/// <content>The dynamic section.</content>
public sealed partial class ElfFile
{
    private const uint LoadSegment = 1; // PT_LOAD
    private const uint DynamicSegment = 2; // PT_DYNAMIC
    private const int MaximumDynamicSize = 1 << 20;

    // d_tag
    private const ulong End = 0;
    private const ulong NeededLibrary = 1;
    private const ulong StringTable = 5;
    private const ulong StringTableSize = 10;
    private const ulong OwnName = 14;
    private const ulong OldRunPath = 15;
    private const ulong NewRunPath = 29;

    /// <summary>Reads the dynamic section as the loader finds it: through the program headers. Null when there is none.</summary>
    /// <exception cref="MalformedInputException">It or its strings lie outside the file, or it has no end.</exception>
    public ElfDynamicSection? ReadDynamic()
    {
        if (!_segments.Any(segment => segment.Type == DynamicSegment))
        {
            return null;
        }

        Segment dynamic = _segments.First(segment => segment.Type == DynamicSegment);
        if (dynamic.FileSize > MaximumDynamicSize)
        {
            throw new MalformedInputException(Format, 0, "the dynamic section takes more than 1 MiB");
        }

        List<(ulong Tag, ulong Value)> entries = ReadEntries(dynamic);
        if (!entries.Exists(entry => entry.Tag is NeededLibrary or OwnName or OldRunPath or NewRunPath))
        {
            return new ElfDynamicSection([], null, null);
        }

        ulong size = Value(StringTableSize) ?? throw new MalformedInputException(Format, (long)dynamic.Offset, "the dynamic section has names but no string table");
        if (size > MaximumStringTable)
        {
            throw new MalformedInputException(Format, (long)dynamic.Offset, "dynamic strings take more than 64 MiB");
        }

        long origin = OffsetOf(Value(StringTable) ?? 0);
        byte[] names = _bytes.ReadBytes(origin, (int)size, Format);
        return new ElfDynamicSection(
            [.. entries.Where(entry => entry.Tag == NeededLibrary).Select(entry => Text(entry.Value))],
            Value(OwnName) is { } name ? Text(name) : null,
            (Value(NewRunPath) ?? Value(OldRunPath)) is { } path ? Text(path) : null);

        ulong? Value(ulong tag) => entries.Where(entry => entry.Tag == tag).Select(entry => (ulong?)entry.Value).FirstOrDefault();

        string Text(ulong index) => NameAt(names, (uint)Math.Min(index, uint.MaxValue), origin);
    }

    private List<(ulong Tag, ulong Value)> ReadEntries(Segment dynamic)
    {
        long start = Position(_bytes, dynamic.Offset);
        SpanReader reader = new(_bytes.ReadBytes(start, (int)dynamic.FileSize, Format), Format, start);
        List<(ulong Tag, ulong Value)> entries = [];
        while (true)
        {
            ulong tag = reader.ReadUInt64LittleEndian();
            ulong value = reader.ReadUInt64LittleEndian();
            if (tag == End)
            {
                return entries;
            }

            entries.Add((tag, value));
        }
    }

    /// <summary>Where an address of memory comes from in the file.</summary>
    private long OffsetOf(ulong address)
    {
        foreach (Segment segment in _segments)
        {
            if (segment.Type == LoadSegment && address >= segment.Address && address - segment.Address < segment.FileSize)
            {
                ulong within = address - segment.Address;
                return within <= ulong.MaxValue - segment.Offset
                    ? Position(_bytes, segment.Offset + within)
                    : throw new MalformedInputException(Format, 0, "a segment lies outside the file");
            }
        }

        throw new MalformedInputException(Format, 0, $"address 0x{address:x} is in no segment");
    }
}
