using Mantle.Formats.Bytes;

namespace Mantle.Formats.Pe;

/// <summary>
/// A PE image file as UEFI loads it: PE32 or PE32+ (Microsoft PE/COFF specification; UEFI 2.10, 2.1.1).
/// Reading is strict: whatever EDK2 refuses is refused, and so is what would let two readers disagree
/// (overlapping sections, bytes hidden behind the certificate table).
/// </summary>
public sealed partial class PeImage
{
    /// <summary>IMAGE_DLLCHARACTERISTICS_NX_COMPAT.</summary>
    public const ushort NxCompatible = 0x0100;

    internal const string Format = "pe";

    private PeImage()
    {
    }

    /// <summary>The whole file.</summary>
    public required ByteSource Source { get; init; }

    /// <summary>True: PE32+ (64 bit addresses).</summary>
    public required bool IsPe32Plus { get; init; }

    /// <summary>IMAGE_FILE_MACHINE_*; 0x8664 is x86-64, 0xaa64 is arm64.</summary>
    public required ushort Machine { get; init; }

    /// <summary>TimeDateStamp, seconds since 1970 or a content hash.</summary>
    public required uint TimeDateStamp { get; init; }

    /// <summary>File offset of the COFF symbol table; zero: there is none.</summary>
    public required uint PointerToSymbolTable { get; init; }

    /// <summary>Entries of the COFF symbol table.</summary>
    public required uint NumberOfSymbols { get; init; }

    /// <summary>IMAGE_FILE_* flags.</summary>
    public required ushort Characteristics { get; init; }

    /// <summary>Address of the first instruction, relative to the image base.</summary>
    public required uint AddressOfEntryPoint { get; init; }

    /// <summary>SizeOfInitializedData as the header has it; nothing checks it.</summary>
    public required uint SizeOfInitializedData { get; init; }

    /// <summary>Preferred load address.</summary>
    public required ulong ImageBase { get; init; }

    /// <summary>Alignment of sections in memory, in bytes: a power of two.</summary>
    public required uint SectionAlignment { get; init; }

    /// <summary>Alignment of sections in the file, in bytes: a power of two.</summary>
    public required uint FileAlignment { get; init; }

    /// <summary>Bytes that the loaded image takes.</summary>
    public required uint SizeOfImage { get; init; }

    /// <summary>Bytes of all headers, the section table's spare room included.</summary>
    public required uint SizeOfHeaders { get; init; }

    /// <summary>The checksum field; UEFI does not look at it.</summary>
    public required uint CheckSum { get; init; }

    /// <summary>IMAGE_SUBSYSTEM_*; 10 is an EFI application.</summary>
    public required ushort Subsystem { get; init; }

    /// <summary>IMAGE_DLLCHARACTERISTICS_* flags.</summary>
    public required ushort DllCharacteristics { get; init; }

    /// <summary>The data directories, at most 16.</summary>
    public required IReadOnlyList<PeDataDirectory> DataDirectories { get; init; }

    /// <summary>The sections in table order.</summary>
    public required IReadOnlyList<PeSection> Sections { get; init; }

    /// <summary>The entries of the certificate table in file order; empty for an unsigned image.</summary>
    public required IReadOnlyList<PeCertificate> Certificates { get; init; }

    /// <summary>The certificate table as a range of the file; size zero for an unsigned image.</summary>
    public PeDataDirectory CertificateTable =>
        DataDirectories.Count > PeDataDirectory.CertificateTable ? DataDirectories[PeDataDirectory.CertificateTable] : default;

    /// <summary>File offset behind the last section's bytes, or behind the headers when no section has any.</summary>
    public required long EndOfRawData { get; init; }

    internal long FileHeaderOffset { get; init; }

    internal long OptionalHeaderOffset => FileHeaderOffset + FileHeaderSize;

    internal long CheckSumOffset => OptionalHeaderOffset + 64;

    internal long CertificateDirectoryOffset =>
        OptionalHeaderOffset + FixedSize(IsPe32Plus) + (PeDataDirectory.CertificateTable * PeDataDirectory.EntrySize);

    internal long SectionTableOffset =>
        OptionalHeaderOffset + FixedSize(IsPe32Plus) + (DataDirectories.Count * PeDataDirectory.EntrySize);

    /// <summary>
    /// A section as a program finds it in memory: VirtualSize bytes, zeros beyond what the file has.
    /// A section whose VirtualSize is zero has no content.
    /// </summary>
    public ByteSource ContentOf(PeSection section)
    {
        uint inFile = Math.Min(section.VirtualSize, section.SizeOfRawData);
        ByteSource raw = inFile == 0 ? ByteSource.Empty : Source.Slice(section.PointerToRawData, inFile);
        return inFile == section.VirtualSize ? raw : ByteSource.Compose(section.VirtualSize, [new(0, raw)]);
    }

    private static int FixedSize(bool isPe32Plus) => isPe32Plus ? 112 : 96;
}
