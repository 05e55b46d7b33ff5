using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Pe;

public sealed partial class PeImage
{
    private const int DosHeaderSize = 64;
    private const int SignatureSize = 4;
    private const int FileHeaderSize = 20;
    private const int MaximumDataDirectories = 16;

    /// <summary>Reads and checks the headers of a PE image; section contents are not read.</summary>
    /// <exception cref="MalformedInputException">The bytes are not an image that firmware would load.</exception>
    public static PeImage Read(ByteSource source)
    {
        long signatureOffset = ReadDosHeader(source);
        SpanReader file = new(source.ReadBytes(signatureOffset, SignatureSize + FileHeaderSize, Format), Format, signatureOffset);
        if (!file.ReadBytes(SignatureSize).SequenceEqual("PE\0\0"u8))
        {
            throw Malformed(signatureOffset, "no PE signature");
        }

        ushort machine = file.ReadUInt16LittleEndian();
        ushort numberOfSections = file.ReadUInt16LittleEndian();
        uint timeDateStamp = file.ReadUInt32LittleEndian();
        uint pointerToSymbolTable = file.ReadUInt32LittleEndian();
        uint numberOfSymbols = file.ReadUInt32LittleEndian();
        ushort sizeOfOptionalHeader = file.ReadUInt16LittleEndian();
        ushort characteristics = file.ReadUInt16LittleEndian();

        long optionalOffset = signatureOffset + SignatureSize + FileHeaderSize;
        ReadOnlySpan<byte> optional = source.ReadBytes(optionalOffset, sizeOfOptionalHeader, Format);
        bool isPe32Plus = ReadMagic(optional, optionalOffset);
        PeDataDirectory[] directories = ReadDirectories(optional, optionalOffset, isPe32Plus);
        long sectionTableOffset = optionalOffset + sizeOfOptionalHeader;
        uint sizeOfHeaders = UInt32(optional, 60);
        long sectionTableSize = (long)numberOfSections * PeSection.HeaderSize;
        if (sizeOfHeaders > source.Length || sizeOfHeaders < sectionTableOffset + sectionTableSize)
        {
            throw Malformed(optionalOffset + 60, $"SizeOfHeaders 0x{sizeOfHeaders:x} does not hold the headers or runs past the end");
        }

        uint sizeOfImage = UInt32(optional, 56);
        if (sizeOfHeaders >= sizeOfImage)
        {
            throw Malformed(optionalOffset + 56, $"SizeOfImage 0x{sizeOfImage:x} leaves no room behind 0x{sizeOfHeaders:x} bytes of headers");
        }

        PeSection[] sections = ReadSections(
            source.ReadBytes(sectionTableOffset, (int)sectionTableSize, Format), sectionTableOffset);
        long endOfRawData = CheckFileRanges(sections, sectionTableOffset, sizeOfHeaders, source.Length);
        CheckMemoryRanges(sections, sectionTableOffset, sizeOfHeaders, sizeOfImage);

        const int Certificate = PeDataDirectory.CertificateTable;
        return new()
        {
            Source = source,
            IsPe32Plus = isPe32Plus,
            FileHeaderOffset = signatureOffset + SignatureSize,
            Machine = machine,
            TimeDateStamp = timeDateStamp,
            PointerToSymbolTable = pointerToSymbolTable,
            NumberOfSymbols = numberOfSymbols,
            Characteristics = characteristics,
            SizeOfInitializedData = UInt32(optional, 8),
            AddressOfEntryPoint = UInt32(optional, 16),
            ImageBase = isPe32Plus ? BinaryPrimitives.ReadUInt64LittleEndian(optional[24..]) : UInt32(optional, 28),
            SectionAlignment = PowerOfTwo(optional, optionalOffset, 32, "SectionAlignment"),
            FileAlignment = PowerOfTwo(optional, optionalOffset, 36, "FileAlignment"),
            SizeOfImage = sizeOfImage,
            SizeOfHeaders = sizeOfHeaders,
            CheckSum = UInt32(optional, 64),
            Subsystem = BinaryPrimitives.ReadUInt16LittleEndian(optional[68..]),
            DllCharacteristics = BinaryPrimitives.ReadUInt16LittleEndian(optional[70..]),
            DataDirectories = directories,
            Sections = sections,
            Certificates = directories.Length <= Certificate ? [] : ReadCertificates(
                source,
                directories[Certificate],
                optionalOffset + FixedSize(isPe32Plus) + (Certificate * PeDataDirectory.EntrySize),
                endOfRawData),
            EndOfRawData = endOfRawData,
        };
    }

    private static long ReadDosHeader(ByteSource source)
    {
        ReadOnlySpan<byte> dos = source.ReadBytes(0, DosHeaderSize, Format);
        if (!dos[..2].SequenceEqual("MZ"u8))
        {
            throw Malformed(0, "does not start with MZ");
        }

        uint offset = UInt32(dos, 60);
        return offset >= DosHeaderSize
            ? offset
            : throw Malformed(60, $"the PE header at 0x{offset:x} overlaps the DOS header");
    }

    private static bool ReadMagic(ReadOnlySpan<byte> optional, long offset)
    {
        ushort magic = optional.Length < 2 ? (ushort)0 : BinaryPrimitives.ReadUInt16LittleEndian(optional);
        bool isPe32Plus = magic == 0x20b;
        if (magic is not (0x10b or 0x20b))
        {
            throw Malformed(offset, $"optional header magic 0x{magic:x} is neither PE32 nor PE32+");
        }

        return optional.Length >= FixedSize(isPe32Plus)
            ? isPe32Plus
            : throw Malformed(offset, $"an optional header of {optional.Length} bytes is too short");
    }

    private static PeDataDirectory[] ReadDirectories(ReadOnlySpan<byte> optional, long offset, bool isPe32Plus)
    {
        int start = FixedSize(isPe32Plus);
        uint count = UInt32(optional, start - 4);

        // EDK2 (BasePeCoffLib) wants the directories to fill the optional header exactly.
        if (count > MaximumDataDirectories || optional.Length != start + ((int)count * PeDataDirectory.EntrySize))
        {
            throw Malformed(offset + start - 4, $"{count} data directories do not fit an optional header of {optional.Length} bytes");
        }

        PeDataDirectory[] directories = new PeDataDirectory[count];
        for (int i = 0; i < directories.Length; i++)
        {
            int at = start + (i * PeDataDirectory.EntrySize);
            directories[i] = new(UInt32(optional, at), UInt32(optional, at + 4));
        }

        return directories;
    }

    private static PeSection[] ReadSections(ReadOnlySpan<byte> table, long offset)
    {
        PeSection[] sections = new PeSection[table.Length / PeSection.HeaderSize];
        for (int i = 0; i < sections.Length; i++)
        {
            ReadOnlySpan<byte> entry = table.Slice(i * PeSection.HeaderSize, PeSection.HeaderSize);
            ReadOnlySpan<byte> name = entry[..8].TrimEnd((byte)0);
            if (name.ContainsAnyExceptInRange((byte)0x21, (byte)0x7e))
            {
                throw Malformed(offset + (i * PeSection.HeaderSize), "a section name has bytes that are not printable ASCII");
            }

            sections[i] = new(
                Encoding.ASCII.GetString(name), UInt32(entry, 8), UInt32(entry, 12), UInt32(entry, 16), UInt32(entry, 20), UInt32(entry, 36));
        }

        return sections;
    }

    private static long CheckFileRanges(PeSection[] sections, long tableOffset, uint sizeOfHeaders, long length)
    {
        long end = sizeOfHeaders;
        foreach (PeSection section in sections.Where(s => s.SizeOfRawData > 0).OrderBy(s => s.PointerToRawData))
        {
            if (section.PointerToRawData < end)
            {
                throw Malformed(tableOffset, $"section \"{section.Name}\" at 0x{section.PointerToRawData:x} overlaps what ends at 0x{end:x}");
            }

            end = (long)section.PointerToRawData + section.SizeOfRawData;
            if (end > length)
            {
                throw Malformed(tableOffset, $"section \"{section.Name}\" ends at 0x{end:x}, the file at 0x{length:x}");
            }
        }

        return end;
    }

    private static void CheckMemoryRanges(PeSection[] sections, long tableOffset, uint sizeOfHeaders, uint sizeOfImage)
    {
        long end = sizeOfHeaders;
        foreach (PeSection section in sections)
        {
            if (section.VirtualAddress < end)
            {
                throw Malformed(tableOffset, $"section \"{section.Name}\" at address 0x{section.VirtualAddress:x} overlaps what ends at 0x{end:x}");
            }

            end = (long)section.VirtualAddress + section.VirtualSize;
            if (end > sizeOfImage)
            {
                throw Malformed(tableOffset, $"section \"{section.Name}\" ends at address 0x{end:x}, the image at 0x{sizeOfImage:x}");
            }
        }
    }

    private static uint PowerOfTwo(ReadOnlySpan<byte> optional, long offset, int at, string field)
    {
        uint value = UInt32(optional, at);
        return BitOperations.IsPow2(value)
            ? value
            : throw Malformed(offset + at, $"{field} 0x{value:x} is no power of two");
    }

    private static uint UInt32(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);

    private static MalformedInputException Malformed(long offset, string problem) => new(Format, offset, problem);
}
