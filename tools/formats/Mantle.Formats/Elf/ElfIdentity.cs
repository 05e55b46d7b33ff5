using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Elf;

/// <summary>
/// What the kernel and the loader would make of an ELF file of any class, byte order and machine (System V gABI, chapters 4 and 5). As they do, it
/// goes by the program headers alone: a file whose section table is damaged or gone runs all the same. Nothing here throws on bad bytes; what cannot
/// be read is left out and said in <see cref="IsDamaged"/>.
/// </summary>
public sealed record ElfIdentity
{
    private const string Format = "elf";
    private const uint LoadSegment = 1; // PT_LOAD
    private const uint DynamicSegment = 2; // PT_DYNAMIC
    private const uint InterpreterSegment = 3; // PT_INTERP
    private const ulong NeededTag = 1; // DT_NEEDED
    private const ulong StringTableTag = 5; // DT_STRTAB
    private const ulong OwnNameTag = 14; // DT_SONAME
    private const ulong Flags1Tag = 0x6fff_fffb; // DT_FLAGS_1
    private const ulong PositionIndependentFlag = 0x0800_0000; // DF_1_PIE
    private const int MaximumTable = 1 << 16;
    private const int MaximumEntries = 4096;
    private const int MaximumText = 4096;

    /// <summary>False: a 32-bit file.</summary>
    public bool Is64Bit { get; private init; }

    /// <summary>True: most significant byte first.</summary>
    public bool IsBigEndian { get; private init; }

    /// <summary>Relocatable, executable or shared.</summary>
    public ElfKind Kind { get; private init; }

    /// <summary>The machine (e_machine): 3 is i386, 40 Arm, 62 x86-64, 183 AArch64, 243 RISC-V.</summary>
    public ushort Machine { get; private init; }

    /// <summary>The loader that a dynamic program asks for (PT_INTERP), or null.</summary>
    public string? Interpreter { get; private init; }

    /// <summary>Names of the libraries that it needs (DT_NEEDED), in order.</summary>
    public IReadOnlyList<string> Needed { get; private init; } = [];

    /// <summary>Its own name as a library (DT_SONAME), or null.</summary>
    public string? SharedObjectName { get; private init; }

    /// <summary>Whether it is marked as a position-independent program (DF_1_PIE).</summary>
    public bool IsMarkedProgram { get; private init; }

    /// <summary>True: some of the headers could not be read.</summary>
    public bool IsDamaged { get; private init; }

    /// <summary>Whether it is meant to be started: at a fixed address, marked as a program, or with a loader and no name as a library.</summary>
    public bool IsProgram =>
        Kind == ElfKind.Executable || (Kind == ElfKind.Shared && (IsMarkedProgram || (Interpreter is not null && SharedObjectName is null)));

    /// <summary>Whether it is a program that needs no loader.</summary>
    public bool IsStatic => IsProgram && Interpreter is null;

    /// <summary>Reads the headers. Null: the bytes do not start as an ELF file does.</summary>
    public static ElfIdentity? Read(ByteSource bytes)
    {
        byte[] head = new byte[(int)Math.Min(64, bytes.Length)];
        bytes.ReadExactly(0, head);
        if (!head.AsSpan().StartsWith("\u007fELF"u8))
        {
            return null;
        }

        if (head.Length < 52 || head[4] is not (1 or 2) || head[5] is not (1 or 2) || (head[4] == 2 && head.Length < 64))
        {
            return new ElfIdentity { IsDamaged = true };
        }

        Fields fields = new(head[4] == 2, head[5] == 2);
        ElfIdentity identity = new()
        {
            Is64Bit = fields.Is64Bit,
            IsBigEndian = fields.IsBigEndian,
            Kind = (ElfKind)fields.Half(head, 16),
            Machine = fields.Half(head, 18),
        };
        try
        {
            return ReadSegments(bytes, head, fields, identity);
        }
        catch (MalformedInputException)
        {
            return identity with { IsDamaged = true };
        }
    }

    private static ElfIdentity ReadSegments(ByteSource bytes, byte[] head, Fields fields, ElfIdentity identity)
    {
        ulong table = fields.Address(head, fields.Is64Bit ? 32 : 28);
        int size = fields.Half(head, fields.Is64Bit ? 54 : 42);
        int count = fields.Half(head, fields.Is64Bit ? 56 : 44);
        if (table == 0 || count == 0)
        {
            return identity;
        }

        // The kernel takes a table of at most 64 KiB (load_elf_phdrs in fs/binfmt_elf.c).
        if (size < (fields.Is64Bit ? 56 : 32) || (long)size * count > MaximumTable)
        {
            return identity with { IsDamaged = true };
        }

        byte[] headers = bytes.ReadBytes(Bounded(table), size * count, Format);
        List<(uint Type, ulong Offset, ulong Address, ulong FileSize)> segments = [];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> header = headers.AsSpan(i * size, size);
            segments.Add((
                fields.Word(header, 0),
                fields.Address(header, fields.Is64Bit ? 8 : 4),
                fields.Address(header, fields.Is64Bit ? 16 : 8),
                fields.Address(header, fields.Is64Bit ? 32 : 16)));
        }

        foreach ((uint type, ulong offset, _, ulong length) in segments)
        {
            if (type == InterpreterSegment)
            {
                identity = identity with { Interpreter = Text(bytes, Bounded(offset), (int)Math.Min(length, MaximumText)) };
            }
        }

        foreach ((uint type, ulong offset, _, ulong length) in segments)
        {
            if (type == DynamicSegment)
            {
                identity = ReadDynamic(bytes, fields, identity, segments, Bounded(offset), length);
            }
        }

        return identity;
    }

    private static ElfIdentity ReadDynamic(
        ByteSource bytes, Fields fields, ElfIdentity identity, List<(uint Type, ulong Offset, ulong Address, ulong FileSize)> segments, long offset, ulong length)
    {
        int size = fields.Is64Bit ? 16 : 8;
        byte[] table = bytes.ReadBytes(offset, (int)Math.Min(length, (ulong)(MaximumEntries * size)) / size * size, Format);
        List<ulong> needed = [];
        ulong? name = null;
        ulong strings = 0;
        bool marked = false;
        for (int at = 0; at < table.Length; at += size)
        {
            ulong tag = fields.Address(table, at);
            ulong value = fields.Address(table, at + (size / 2));
            switch (tag)
            {
                case 0:
                    at = table.Length;
                    break;
                case NeededTag:
                    needed.Add(value);
                    break;
                case StringTableTag:
                    strings = value;
                    break;
                case OwnNameTag:
                    name = value;
                    break;
                case Flags1Tag:
                    marked = (value & PositionIndependentFlag) != 0;
                    break;
                default:
                    break;
            }
        }

        identity = identity with { IsMarkedProgram = marked };
        if (needed.Count == 0 && name is null)
        {
            return identity;
        }

        foreach ((uint type, ulong segmentOffset, ulong address, ulong fileSize) in segments)
        {
            if (type == LoadSegment && strings >= address && strings - address < fileSize)
            {
                long start = Bounded(segmentOffset) + Bounded(strings - address);
                return identity with
                {
                    Needed = [.. needed.Select(index => Text(bytes, start + Bounded(index), MaximumText))],
                    SharedObjectName = name is { } own ? Text(bytes, start + Bounded(own), MaximumText) : null,
                };
            }
        }

        return identity with { IsDamaged = true };
    }

    private static string Text(ByteSource bytes, long offset, int most)
    {
        byte[] text = bytes.ReadBytes(offset, (int)Math.Clamp(bytes.Length - offset, 0, most), Format);
        int end = text.AsSpan().IndexOf((byte)0);
        return LinuxText.Decode(end < 0 ? text : text.AsSpan(0, end));
    }

    /// <summary>An offset that sums with another without overflow; beyond every file it is out of range all the same.</summary>
    private static long Bounded(ulong offset) => (long)Math.Min(offset, 1UL << 60);

    private readonly record struct Fields(bool Is64Bit, bool IsBigEndian)
    {
        public ushort Half(ReadOnlySpan<byte> bytes, int at) =>
            IsBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]) : BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

        public uint Word(ReadOnlySpan<byte> bytes, int at) =>
            IsBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]) : BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

        public ulong Address(ReadOnlySpan<byte> bytes, int at) => !Is64Bit ? Word(bytes, at)
            : IsBigEndian ? BinaryPrimitives.ReadUInt64BigEndian(bytes[at..]) : BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
    }
}
