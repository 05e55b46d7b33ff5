using System.Buffers.Binary;
using System.Text;

namespace Mantle.Fuzz.Seeds;

/// <summary>A kernel module in shape: an ELF file of 64 bits with a section .modinfo.</summary>
internal static class Elf
{
    private const int HeaderLength = 64;
    private const int SectionLength = 64;

    public static byte[] Module(string name, string release, string depends = "")
    {
        byte[] info = Encoding.ASCII.GetBytes($"name={name}\0vermagic={release} SMP\0depends={depends}\0softdep=pre: {depends}\0");
        byte[] names = "\0.modinfo\0.shstrtab\0"u8.ToArray();
        int table = (HeaderLength + info.Length + names.Length + 7) & ~7;
        byte[] file = new byte[table + (3 * SectionLength)];
        "\u007fELF"u8.CopyTo(file);
        file[4] = 2; // 64 bits
        file[5] = 1; // little-endian
        file[6] = 1;
        Put16(16, 1); // relocatable
        Put16(18, 62); // x86-64
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(20), 1);
        Put64(40, table);
        Put16(52, HeaderLength);
        Put16(58, SectionLength);
        Put16(60, 3);
        Put16(62, 2);
        info.CopyTo(file, HeaderLength);
        names.CopyTo(file, HeaderLength + info.Length);
        Section(1, 1, 1, HeaderLength, info.Length);
        Section(2, 10, 3, HeaderLength + info.Length, names.Length);
        return file;

        void Section(int index, int nameAt, int type, int offset, int length)
        {
            int at = table + (index * SectionLength);
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), nameAt);
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at + 4), type);
            Put64(at + 24, offset);
            Put64(at + 32, length);
        }

        void Put16(int at, int value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), (ushort)value);

        void Put64(int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(at), value);
    }
}
