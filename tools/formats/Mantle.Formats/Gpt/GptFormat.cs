namespace Mantle.Formats.Gpt;

/// <summary>Constants of the GUID partition table (UEFI 2.10, chapter 5), for disks with sectors of 512 bytes.</summary>
internal static class GptFormat
{
    public const string Name = "gpt";
    public const int SectorSize = 512;
    public const int EntryCount = 128;
    public const int EntrySize = 128;
    public const int EntriesSectors = EntryCount * EntrySize / SectorSize;
    public const long PrimaryHeaderLba = 1;
    public const long PrimaryEntriesLba = 2;
    public const long FirstUsableLba = PrimaryEntriesLba + EntriesSectors;

    /// <summary>Sectors at the end of the disk: backup entries and backup header.</summary>
    public const int BackupSectors = EntriesSectors + 1;

    /// <summary>Sectors above this do not end within 63 bits of byte offsets.</summary>
    public const ulong MaximumLba = (long.MaxValue / SectorSize) - 1;

    public const int NameOffset = 56;
    public const int NameUnits = 36;
}
