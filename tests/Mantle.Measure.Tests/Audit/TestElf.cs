using System.Buffers.Binary;
using System.Text;

namespace Mantle.Measure.Tests.Audit;

/// <summary>Small ELF files, built field by field: headers, a loader if asked for, a dynamic section if asked for, and strings of one's choice.</summary>
internal static class TestElf
{
    public const ushort X64 = 62;
    public const ushort Arm64 = 183;
    public const ushort I386 = 3;
    private const string Loader = "/lib64/ld-linux-x86-64.so.2";

    /// <summary>A dynamic position-independent program that holds the strings.</summary>
    public static byte[] Program(params string[] strings) => Build(3, Loader, null, ["libc.so.6"], strings);

    /// <summary>A static program at a fixed address.</summary>
    public static byte[] Static(params string[] strings) => Build(2, null, null, [], strings);

    /// <summary>A shared library.</summary>
    public static byte[] Library(string name, params string[] strings) => Build(3, null, name, ["libc.so.6"], strings);

    /// <summary>A 32-bit static program, little-endian or not.</summary>
    public static byte[] Static32(ushort machine, bool bigEndian, params string[] strings)
    {
        byte[] text = Text(strings);
        byte[] file = new byte[52 + 32 + text.Length];
        "\u007fELF"u8.CopyTo(file);
        file[4] = 1;
        file[5] = bigEndian ? (byte)2 : (byte)1;
        file[6] = 1;
        Put16(16, 2);
        Put16(18, machine);
        Put32(28, 52);
        Put16(42, 32);
        Put16(44, 1);
        Put32(52, 1);
        text.CopyTo(file.AsSpan(84));
        return file;

        void Put16(int at, ushort value) => _ = bigEndian
            ? BinaryPrimitives.TryWriteUInt16BigEndian(file.AsSpan(at), value) : BinaryPrimitives.TryWriteUInt16LittleEndian(file.AsSpan(at), value);

        void Put32(int at, uint value) => _ = bigEndian
            ? BinaryPrimitives.TryWriteUInt32BigEndian(file.AsSpan(at), value) : BinaryPrimitives.TryWriteUInt32LittleEndian(file.AsSpan(at), value);
    }

    private static byte[] Build(ushort type, string? loader, string? soname, string[] needed, string[] strings)
    {
        bool dynamic = soname is not null || needed.Length > 0;
        int count = 1 + (loader is null ? 0 : 1) + (dynamic ? 1 : 0);
        int at = 64 + (56 * count);
        byte[] interpreter = loader is null ? [] : Text([loader]);
        int interpreterAt = at;
        at += interpreter.Length;
        byte[] names = [0, .. Text(soname is null ? needed : [soname, .. needed])];
        int namesAt = at;
        at += dynamic ? names.Length : 0;
        at = (at + 7) / 8 * 8;
        int dynamicAt = at;
        List<(ulong Tag, ulong Value)> entries = [];
        ulong index = 1;
        if (soname is not null)
        {
            entries.Add((14, index));
            index += (ulong)soname.Length + 1;
        }

        foreach (string name in needed)
        {
            entries.Add((1, index));
            index += (ulong)name.Length + 1;
        }

        entries.Add((5, (ulong)namesAt));
        entries.Add((10, (ulong)names.Length));
        entries.Add((0, 0));
        at += dynamic ? entries.Count * 16 : 0;
        byte[] text = Text(strings);
        byte[] file = new byte[at + text.Length];
        "\u007fELF"u8.CopyTo(file);
        file[4] = 2;
        file[5] = 1;
        file[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(16), type);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(18), X64);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(32), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(54), 56);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(56), (ushort)count);
        int header = 64;
        Segment(1, 0, file.Length);
        if (loader is not null)
        {
            Segment(3, interpreterAt, interpreter.Length);
            interpreter.CopyTo(file.AsSpan(interpreterAt));
        }

        if (dynamic)
        {
            Segment(2, dynamicAt, entries.Count * 16);
            names.CopyTo(file.AsSpan(namesAt));
            for (int i = 0; i < entries.Count; i++)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(dynamicAt + (16 * i)), entries[i].Tag);
                BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(dynamicAt + (16 * i) + 8), entries[i].Value);
            }
        }

        text.CopyTo(file.AsSpan(at));
        return file;

        void Segment(uint kind, int offset, int size)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(header), kind);
            BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(header + 8), offset);
            BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(header + 16), offset);
            BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(header + 32), size);
            BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(header + 40), size);
            header += 56;
        }
    }

    private static byte[] Text(string[] strings) => [.. strings.SelectMany(text => Encoding.Latin1.GetBytes(text + "\0"))];
}
