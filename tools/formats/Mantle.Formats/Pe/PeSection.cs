namespace Mantle.Formats.Pe;

/// <summary>One entry of a PE section table.</summary>
/// <param name="Name">Up to 8 ASCII characters.</param>
/// <param name="VirtualSize">Bytes in memory; beyond <see cref="SizeOfRawData"/> they are zero.</param>
/// <param name="VirtualAddress">Where it is mapped, relative to the image base.</param>
/// <param name="SizeOfRawData">Bytes in the file, usually rounded up to the file alignment.</param>
/// <param name="PointerToRawData">File offset of the bytes; without meaning when there are none.</param>
/// <param name="Characteristics">IMAGE_SCN_* flags.</param>
public readonly record struct PeSection(
    string Name, uint VirtualSize, uint VirtualAddress, uint SizeOfRawData, uint PointerToRawData, uint Characteristics)
{
    /// <summary>IMAGE_SCN_CNT_CODE.</summary>
    public const uint ContainsCode = 0x0000_0020;

    /// <summary>IMAGE_SCN_CNT_INITIALIZED_DATA.</summary>
    public const uint ContainsInitializedData = 0x0000_0040;

    /// <summary>IMAGE_SCN_MEM_READ.</summary>
    public const uint Readable = 0x4000_0000;

    /// <summary>Bytes of one entry in the table.</summary>
    internal const int HeaderSize = 40;
}
