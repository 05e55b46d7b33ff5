namespace Mantle.Formats.Fat;

/// <summary>Which FAT; the value is the width of a table entry in bits.</summary>
public enum FatKind
{
    /// <summary>Up to 4,084 clusters.</summary>
    Fat12 = 12,

    /// <summary>Up to 65,524 clusters.</summary>
    Fat16 = 16,

    /// <summary>More clusters; 28 of the 32 bits count.</summary>
    Fat32 = 32,
}
