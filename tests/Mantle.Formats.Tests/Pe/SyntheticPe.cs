using System.Buffers.Binary;
using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Tests.Pe;

/// <summary>Small PE images built field by field, independent of the product's writer.</summary>
internal static class SyntheticPe
{
    public const int FileAlignment = 512;
    public const int SectionAlignment = 4096;
    public const string StubMagic = "#### LoaderInfo: systemd-stub 257.13-1~deb13u1 ####";

    public static byte[] Build(
        IReadOnlyList<(string Name, byte[] Content)> sections, bool plus = true, int sizeOfHeaders = 0x600, ushort dllCharacteristics = 0x160,
        int directories = 16, bool zeroFill = false)
    {
        int optionalSize = (plus ? 112 : 96) + (8 * directories);
        int tableAt = 64 + 24 + optionalSize;
        int end = sections.Aggregate(sizeOfHeaders, (at, s) => at + RoundUp(s.Content.Length, FileAlignment));
        byte[] image = new byte[end];
        "MZ"u8.CopyTo(image);
        Put32(image, 60, 64);
        "PE\0\0"u8.CopyTo(image.AsSpan(64));
        Put16(image, 68, plus ? 0x8664 : 0x14c);
        Put16(image, 70, sections.Count);
        Put32(image, 72, 0x69dd461d);
        Put16(image, 84, optionalSize);
        Put16(image, 86, 0x22e);
        Span<byte> optional = image.AsSpan(88);
        Put16(optional, 0, plus ? 0x20b : 0x10b);
        Put32(optional, 16, 0x1000);
        Put32(optional, 32, SectionAlignment);
        Put32(optional, 36, FileAlignment);
        Put32(optional, 60, sizeOfHeaders);
        Put16(optional, 68, 10);
        Put16(optional, 70, dllCharacteristics);
        Put32(optional, plus ? 108 : 92, directories);
        int raw = sizeOfHeaders;
        int address = SectionAlignment;
        for (int i = 0; i < sections.Count; i++)
        {
            (string name, byte[] content) = sections[i];
            Span<byte> entry = image.AsSpan(tableAt + (40 * i), 40);
            Encoding.ASCII.GetBytes(name, entry);
            int virtualSize = content.Length + (zeroFill && i == 0 ? 1000 : 0);
            int rawSize = RoundUp(content.Length, FileAlignment);
            Put32(entry, 8, virtualSize);
            Put32(entry, 12, address);
            Put32(entry, 16, rawSize);
            Put32(entry, 20, raw);
            Put32(entry, 36, 0x40000040);
            content.CopyTo(image.AsSpan(raw));
            raw += rawSize;
            address = RoundUp(address + virtualSize, SectionAlignment);
        }

        Put32(optional, 56, address);
        return image;
    }

    /// <summary>A stub as systemd-boot-efi ships it, in shape: code, SBAT, magic.</summary>
    public static byte[] Stub(string magic = StubMagic, int sizeOfHeaders = 0x600) => Build(
        [
            (".text", Bytes(3000, 1)),
            (".sbat", "sbat,1,SBAT Version,sbat,1,https://example.invalid\nsystemd-stub,1,x\n"u8.ToArray()),
            (".sdmagic", Encoding.ASCII.GetBytes(magic)),
            (".reloc", Bytes(136, 2)),
        ],
        sizeOfHeaders: sizeOfHeaders);

    /// <summary>A kernel in shape: a PE image with a bzImage setup header that names its version.</summary>
    public static byte[] Kernel(bool nxCompatible = true, int size = 5000, string version = "6.12.1-test (builder) #1")
    {
        byte[] image = Build([(".setup", Bytes(512, 3)), (".text", Bytes(size, 4))], sizeOfHeaders: 0x800, dllCharacteristics: nxCompatible ? (ushort)0x100 : (ushort)0);
        "HdrS"u8.CopyTo(image.AsSpan(0x202));
        Put16(image, 0x20e, 0x500);
        Encoding.ASCII.GetBytes(version + "\0", image.AsSpan(0x700));
        return image;
    }

    public static ByteSource Source(byte[] bytes) => ByteSource.FromMemory(bytes);

    public static byte[] Bytes(int count, int seed) => [.. Enumerable.Range(0, count).Select(i => unchecked((byte)((i * 7) + seed)))];

    public static int RoundUp(int value, int alignment) => (value + alignment - 1) / alignment * alignment;

    public static void Put16(Span<byte> bytes, int at, int value) => BinaryPrimitives.WriteUInt16LittleEndian(bytes[at..], (ushort)value);

    public static void Put32(Span<byte> bytes, int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(bytes[at..], value);
}
