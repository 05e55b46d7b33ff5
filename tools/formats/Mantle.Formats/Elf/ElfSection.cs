namespace Mantle.Formats.Elf;

/// <summary>One section of an ELF file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Offset">Where its bytes are in the file; 0 when it has none.</param>
/// <param name="Size">Its bytes in the file; 0 when it has none.</param>
/// <param name="HasBytes">False for SHT_NULL and SHT_NOBITS.</param>
public sealed record ElfSection(string Name, long Offset, long Size, bool HasBytes)
{
    /// <summary>SHT_NOBITS: occupies no bytes of the file.</summary>
    internal const uint NoBits = 8;
}
