using System.Buffers.Binary;
using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Pe.Uki;

/// <summary>
/// Lays out a unified kernel image as ukify 257 does: the stub's bytes, then each payload section at the next file and section alignment.
/// Two rules go beyond ukify: raw data is contiguous from the headers to the end of the file, and a stub for which that cannot be had is
/// refused. Then every tool computes the same Authenticode digest, and signing does not change it, for the size is a multiple of 8.
/// </summary>
public static class UkiWriter
{
    private const string Format = "uki";

    /// <summary>The image as one source of bytes; payload and stub are referred to, not copied.</summary>
    /// <exception cref="MalformedInputException">The stub or the kernel is no PE image, or the stub cannot take the payload.</exception>
    /// <exception cref="ArgumentException">The list of sections is not one a UKI can have.</exception>
    public static ByteSource Layout(UkiInputs inputs)
    {
        CheckSections(inputs.Sections);
        PeImage stub = PeImage.Read(inputs.Stub);
        long stubEnd = CheckStub(stub);
        byte[] headers = inputs.Stub.Slice(0, stub.SizeOfHeaders).ToArray();
        List<PeSection> table = [.. stub.Sections];
        List<ByteSource.Extent> extents = [];
        HashSet<int> replaced = [];
        uint initializedData = stub.SizeOfInitializedData;
        long fileEnd = stubEnd;
        foreach (UkiSection section in inputs.Sections)
        {
            int inStub = table.FindIndex(0, stub.Sections.Count, known => known.Name == section.Name);
            if (inStub >= 0)
            {
                table[inStub] = Replace(stub, table[inStub], section);
                extents.Add(new(table[inStub].PointerToRawData, section.Content));
                replaced.Add(inStub);
                continue;
            }

            PeSection added = Append(stub, table[^1], section, fileEnd);
            table.Add(added);
            extents.Add(new(added.PointerToRawData, section.Content));
            fileEnd = (long)added.PointerToRawData + added.SizeOfRawData;
            initializedData += added.VirtualSize;
        }

        WriteHeaders(headers, stub, table, initializedData, KernelIsNxCompatible(inputs.Sections));
        extents.Add(new(0, ByteSource.FromMemory(headers)));
        for (int i = 0; i < stub.Sections.Count; i++)
        {
            PeSection section = stub.Sections[i];
            if (!replaced.Contains(i) && section.SizeOfRawData > 0)
            {
                extents.Add(new(section.PointerToRawData, inputs.Stub.Slice(section.PointerToRawData, section.SizeOfRawData)));
            }
        }

        return ByteSource.Compose(fileEnd, extents);
    }

    private static void CheckSections(IReadOnlyList<UkiSection> sections)
    {
        HashSet<string> names = [];
        foreach (UkiSection section in sections)
        {
            string? problem = !UkiSectionName.Payload.Contains(section.Name) ? "is not one that a unified kernel image has"
                : !names.Add(section.Name) ? "is given twice"
                : section.Content.Length == 0 ? "is empty"
                : null;
            if (problem is not null)
            {
                throw new ArgumentException($"section \"{section.Name}\" {problem}", nameof(sections));
            }
        }

        if (!names.Contains(UkiSectionName.Linux))
        {
            throw new ArgumentException("no section \".linux\"", nameof(sections));
        }
    }

    /// <summary>Returns where the stub's raw data ends; what follows there can only be a COFF symbol table, which an image does not need.</summary>
    private static long CheckStub(PeImage stub)
    {
        if (stub.Certificates.Count > 0)
        {
            throw new MalformedInputException(Format, stub.CertificateDirectoryOffset, "the stub is signed; its signature would not survive");
        }

        if (stub.Sections.Count == 0)
        {
            throw new MalformedInputException(Format, stub.SectionTableOffset, "the stub has no sections");
        }

        long end = stub.SizeOfHeaders;
        foreach (PeSection section in stub.Sections.Where(s => s.SizeOfRawData > 0))
        {
            if (section.PointerToRawData != end || section.SizeOfRawData % stub.FileAlignment != 0)
            {
                throw new MalformedInputException(Format, section.PointerToRawData, $"raw data of the stub's section \"{section.Name}\" leaves a gap or is not aligned");
            }

            end += section.SizeOfRawData;
        }

        if (end % stub.FileAlignment != 0 || (end != stub.Source.Length && stub.PointerToSymbolTable != end))
        {
            throw new MalformedInputException(Format, end, "the stub has bytes behind its last section that are no symbol table");
        }

        return end;
    }

    private static PeSection Replace(PeImage stub, PeSection old, UkiSection section) =>
        section.Content.Length <= old.SizeOfRawData
            ? old with { VirtualSize = (uint)section.Content.Length }
            : throw new MalformedInputException(
                Format, stub.SectionTableOffset, $"\"{section.Name}\" of {section.Content.Length} bytes does not fit the {old.SizeOfRawData} bytes of the stub's");

    private static PeSection Append(PeImage stub, PeSection last, UkiSection section, long fileEnd)
    {
        long address = RoundUp((long)last.VirtualAddress + last.VirtualSize, stub.SectionAlignment);
        long rawSize = RoundUp(section.Content.Length, stub.FileAlignment);
        if (RoundUp(address + section.Content.Length, stub.SectionAlignment) > uint.MaxValue || fileEnd + rawSize > uint.MaxValue)
        {
            throw new MalformedInputException(Format, fileEnd, $"section \"{section.Name}\" ends beyond the 4 GiB that a PE image can have");
        }

        uint content = section.Name == UkiSectionName.Linux ? PeSection.ContainsCode : PeSection.ContainsInitializedData;
        return new(section.Name, (uint)section.Content.Length, (uint)address, (uint)rawSize, (uint)fileEnd, PeSection.Readable | content);
    }

    /// <summary>Firmware that enforces NX judges the whole image by one flag, so a kernel without it clears it for all.</summary>
    private static bool KernelIsNxCompatible(IReadOnlyList<UkiSection> sections) =>
        (PeImage.Read(sections.First(s => s.Name == UkiSectionName.Linux).Content).DllCharacteristics & PeImage.NxCompatible) != 0;

    private static void WriteHeaders(byte[] headers, PeImage stub, List<PeSection> table, uint initializedData, bool kernelIsNxCompatible)
    {
        int start = (int)stub.SectionTableOffset;
        int room = (headers.Length - start) / PeSection.HeaderSize;
        if (table.Count > room)
        {
            throw new MalformedInputException(
                Format, start, $"the stub's headers have room for {room} sections, {table.Count} are needed");
        }

        Span<byte> file = headers.AsSpan((int)stub.FileHeaderOffset);
        BinaryPrimitives.WriteUInt16LittleEndian(file[2..], (ushort)table.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(file[8..], 0); // PointerToSymbolTable
        BinaryPrimitives.WriteUInt32LittleEndian(file[12..], 0); // NumberOfSymbols
        Span<byte> optional = headers.AsSpan((int)stub.OptionalHeaderOffset);
        long imageEnd = RoundUp((long)table[^1].VirtualAddress + table[^1].VirtualSize, stub.SectionAlignment);
        BinaryPrimitives.WriteUInt32LittleEndian(optional[8..], initializedData);
        BinaryPrimitives.WriteUInt32LittleEndian(optional[56..], (uint)imageEnd);
        BinaryPrimitives.WriteUInt32LittleEndian(optional[64..], 0); // CheckSum
        if (!kernelIsNxCompatible)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(optional[70..], (ushort)(stub.DllCharacteristics & ~PeImage.NxCompatible));
        }

        for (int i = 0; i < table.Count; i++)
        {
            Span<byte> entry = headers.AsSpan(start + (i * PeSection.HeaderSize), PeSection.HeaderSize);
            if (i >= stub.Sections.Count)
            {
                entry.Clear();
                Encoding.ASCII.GetBytes(table[i].Name, entry);
                BinaryPrimitives.WriteUInt32LittleEndian(entry[12..], table[i].VirtualAddress);
                BinaryPrimitives.WriteUInt32LittleEndian(entry[16..], table[i].SizeOfRawData);
                BinaryPrimitives.WriteUInt32LittleEndian(entry[20..], table[i].PointerToRawData);
                BinaryPrimitives.WriteUInt32LittleEndian(entry[36..], table[i].Characteristics);
            }

            BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], table[i].VirtualSize);
        }
    }

    private static long RoundUp(long value, long alignment) => (value + alignment - 1) & -alignment;
}
