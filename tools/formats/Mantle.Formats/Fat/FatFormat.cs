using System.Text;

namespace Mantle.Formats.Fat;

/// <summary>
/// Constants of the FAT file system (Microsoft, "FAT: General Overview of On-Disk Format", 1.03; ECMA-107) with long names (VFAT).
/// </summary>
internal static class FatFormat
{
    public const string Name = "fat";

    public const int EntrySize = 32;
    public const int ShortNameLength = 11;
    public const int ShortBaseLength = 8;

    /// <summary>Directories larger than this are read by nobody.</summary>
    public const int MaximumDirectoryLength = 65536 * EntrySize;

    public const int LongNameUnits = 13;
    public const int MaximumNameUnits = 255;
    public const byte LastLongEntry = 0x40;

    public const byte ReadOnly = 0x01;
    public const byte Hidden = 0x02;
    public const byte System = 0x04;
    public const byte VolumeLabel = 0x08;
    public const byte Directory = 0x10;
    public const byte Archive = 0x20;
    public const byte LongName = ReadOnly | Hidden | System | VolumeLabel;
    public const byte LongNameMask = LongName | Directory | Archive;

    public const byte Deleted = 0xE5;

    /// <summary>Stands for a first byte of 0xE5 in a name that is in use.</summary>
    public const byte EscapedE5 = 0x05;

    /// <summary>Flags that Windows NT, Linux and mtools use for names that differ from a short name in case only.</summary>
    public const byte LowerCaseBase = 0x08;
    public const byte LowerCaseExtension = 0x10;

    public const uint FirstCluster = 2;
    public const uint Fat12Limit = 4085;
    public const uint Fat16Limit = 65525;
    public const uint Fat32Limit = 0x0FFFFFF5;

    public const byte Media = 0xF8;
    public const byte ExtendedBootSignature = 0x29;
    public const ushort BootSignature = 0xAA55;
    public const int BootSignatureOffset = 510;

    public const uint InfoLeadSignature = 0x41615252;
    public const uint InfoSignature = 0x61417272;
    public const uint InfoTrailSignature = 0xAA550000;
    public const int InfoSignatureOffset = 484;
    public const int InfoFreeOffset = 488;
    public const int InfoNextOffset = 492;
    public const int InfoTrailOffset = 508;
    public const uint InfoUnknown = uint.MaxValue;

    /// <summary>Positions of the thirteen UTF-16 units in a long name entry.</summary>
    public static ReadOnlySpan<byte> LongNameOffsets => [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];

    /// <summary>False if a surrogate is alone: no system's idea of a name, and in a tree what stands for an undecodable byte.</summary>
    public static bool IsText(string name)
    {
        int at = 0;
        while (at < name.Length && Rune.TryGetRuneAt(name, at, out Rune rune))
        {
            at += rune.Utf16SequenceLength;
        }

        return at == name.Length;
    }

    /// <summary>The short name's checksum that ties long name entries to it.</summary>
    public static byte Checksum(ReadOnlySpan<byte> shortName)
    {
        int sum = 0;
        foreach (byte value in shortName[..ShortNameLength])
        {
            sum = (((sum & 1) << 7) + (sum >> 1) + value) & 0xFF;
        }

        return (byte)sum;
    }
}
