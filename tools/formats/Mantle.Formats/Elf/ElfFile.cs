using Mantle.Formats.Bytes;

namespace Mantle.Formats.Elf;

/// <summary>
/// The parts of an ELF file that say what it is and what it needs (System V gABI, chapters 4 and 5): 64-bit, little-endian. Only read.
/// </summary>
public sealed partial class ElfFile
{
    private const string Format = "elf";
    private const int HeaderSize = 64;
    private const int SectionHeaderSize = 64;
    private const int ProgramHeaderSize = 56;
    private const int MaximumSections = 65_279; // SHN_LORESERVE - 1
    private const uint InterpreterSegment = 3; // PT_INTERP
    private const int MaximumInterpreterPath = 4096;
    private const int MaximumStringTable = 1 << 26;

    private readonly ByteSource _bytes;
    private readonly IReadOnlyList<Segment> _segments;

    private ElfFile(ByteSource bytes, ElfKind kind, ushort machine, IReadOnlyList<ElfSection> sections, IReadOnlyList<Segment> segments)
    {
        _bytes = bytes;
        _segments = segments;
        Kind = kind;
        Machine = machine;
        Sections = sections;
        Interpreter = ReadInterpreter(bytes, segments);
    }

    /// <summary>The fields of a program header that matter here.</summary>
    private readonly record struct Segment(uint Type, ulong Offset, ulong Address, ulong FileSize);

    /// <summary>Relocatable, executable or shared.</summary>
    public ElfKind Kind { get; }

    /// <summary>The machine (e_machine): 62 is x86-64, 183 is AArch64.</summary>
    public ushort Machine { get; }

    /// <summary>The sections, in file order; empty when the file has no section table.</summary>
    public IReadOnlyList<ElfSection> Sections { get; }

    /// <summary>The loader that a dynamic program asks for (PT_INTERP), or null.</summary>
    public string? Interpreter { get; }

    /// <summary>Whether the bytes start as an ELF file does. False: they do not.</summary>
    public static bool IsElf(ByteSource bytes) =>
        bytes.Length >= 4 && bytes.ReadBytes(0, 4, Format).AsSpan().SequenceEqual("\u007fELF"u8);

    /// <summary>Reads headers and section table.</summary>
    /// <exception cref="MalformedInputException">Not ELF, not 64-bit little-endian, or a table lies outside the file.</exception>
    public static ElfFile Read(ByteSource bytes)
    {
        SpanReader reader = new(bytes.ReadBytes(0, HeaderSize, Format), Format);
        if (!reader.ReadBytes(4).SequenceEqual("\u007fELF"u8))
        {
            throw new MalformedInputException(Format, 0, "no ELF magic");
        }

        if (reader.ReadByte() != 2 || reader.ReadByte() != 1)
        {
            throw new MalformedInputException(Format, 4, "not a 64-bit little-endian file");
        }

        reader.Skip(10);
        ElfKind kind = (ElfKind)reader.ReadUInt16LittleEndian();
        ushort machine = reader.ReadUInt16LittleEndian();
        reader.Skip(4 + 8);
        ulong programTable = reader.ReadUInt64LittleEndian();
        ulong sectionTable = reader.ReadUInt64LittleEndian();
        reader.Skip(4 + 2);
        ushort programSize = reader.ReadUInt16LittleEndian();
        ushort programCount = reader.ReadUInt16LittleEndian();
        ushort sectionSize = reader.ReadUInt16LittleEndian();
        ushort sectionCount = reader.ReadUInt16LittleEndian();
        ushort nameSection = reader.ReadUInt16LittleEndian();
        return new ElfFile(
            bytes,
            kind,
            machine,
            ReadSections(bytes, sectionTable, sectionSize, sectionCount, nameSection),
            ReadSegments(bytes, programTable, programSize, programCount));
    }

    /// <summary>The content of the first section with that name. False: there is none, or it has no bytes in the file.</summary>
    public bool TryReadSection(string name, out ByteSource content)
    {
        ElfSection? section = Sections.FirstOrDefault(s => s.Name == name && s.Size > 0 && s.HasBytes);
        content = section is null ? ByteSource.Empty : _bytes.Slice(section.Offset, section.Size);
        return section is not null;
    }

    private static List<ElfSection> ReadSections(ByteSource bytes, ulong table, ushort size, ushort count, ushort nameSection)
    {
        if (table == 0 || count == 0)
        {
            return [];
        }

        if (size != SectionHeaderSize || count > MaximumSections || nameSection >= count)
        {
            throw new MalformedInputException(Format, 58, "section table has an unknown shape");
        }

        byte[] headers = bytes.ReadBytes(Position(bytes, table), SectionHeaderSize * count, Format);
        List<(uint Name, ElfSection Section)> sections = new(count);
        SpanReader reader = new(headers, Format, (long)table);
        for (int i = 0; i < count; i++)
        {
            uint name = reader.ReadUInt32LittleEndian();
            uint type = reader.ReadUInt32LittleEndian();
            reader.Skip(16);
            ulong offset = reader.ReadUInt64LittleEndian();
            ulong length = reader.ReadUInt64LittleEndian();
            reader.Skip(24);
            bool hasBytes = type is not (0 or ElfSection.NoBits);
            if (hasBytes && (offset > (ulong)bytes.Length || length > (ulong)bytes.Length - offset))
            {
                throw reader.Malformed($"section {i} lies outside the file");
            }

            sections.Add((name, new ElfSection("", hasBytes ? (long)offset : 0, hasBytes ? (long)length : 0, hasBytes)));
        }

        ElfSection strings = sections[nameSection].Section;
        if (strings.Size > MaximumStringTable)
        {
            throw new MalformedInputException(Format, strings.Offset, "section names take more than 64 MiB");
        }

        byte[] names = bytes.ReadBytes(strings.Offset, (int)strings.Size, Format);
        return [.. sections.Select(s => s.Section with { Name = NameAt(names, s.Name, strings.Offset) })];
    }

    private static List<Segment> ReadSegments(ByteSource bytes, ulong table, ushort size, ushort count)
    {
        if (table == 0 || count == 0)
        {
            return [];
        }

        if (size != ProgramHeaderSize)
        {
            throw new MalformedInputException(Format, 54, "program table has an unknown shape");
        }

        List<Segment> segments = new(count);
        SpanReader reader = new(bytes.ReadBytes(Position(bytes, table), ProgramHeaderSize * count, Format), Format, (long)table);
        for (int i = 0; i < count; i++)
        {
            uint type = reader.ReadUInt32LittleEndian();
            reader.Skip(4);
            ulong offset = reader.ReadUInt64LittleEndian();
            ulong address = reader.ReadUInt64LittleEndian();
            reader.Skip(8);
            ulong fileSize = reader.ReadUInt64LittleEndian();
            reader.Skip(16);
            segments.Add(new Segment(type, offset, address, fileSize));
        }

        return segments;
    }

    private static string? ReadInterpreter(ByteSource bytes, IReadOnlyList<Segment> segments)
    {
        foreach (Segment segment in segments)
        {
            if (segment.Type == InterpreterSegment)
            {
                if (segment.FileSize is 0 or > MaximumInterpreterPath)
                {
                    throw new MalformedInputException(Format, 0, $"the loader's path has {segment.FileSize} bytes");
                }

                byte[] path = bytes.ReadBytes(Position(bytes, segment.Offset), (int)segment.FileSize, Format);
                return LinuxText.Decode(path.AsSpan().TrimEnd((byte)0));
            }
        }

        return null;
    }

    private static long Position(ByteSource bytes, ulong offset) =>
        offset <= (ulong)bytes.Length ? (long)offset : throw new MalformedInputException(Format, 0, $"offset 0x{offset:x} lies outside the file");

    private static string NameAt(byte[] names, uint index, long origin)
    {
        if (index >= names.Length)
        {
            return index == 0 ? "" : throw new MalformedInputException(Format, origin, $"name {index} lies outside the string table");
        }

        ReadOnlySpan<byte> rest = names.AsSpan((int)index);
        int end = rest.IndexOf((byte)0);
        return LinuxText.Decode(end < 0 ? rest : rest[..end]);
    }
}
