namespace Mantle.Formats.Fat;

/// <summary>A volume to be laid out by <see cref="FatWriter"/>.</summary>
public sealed class FatOptions
{
    /// <summary>Size of the volume in bytes, a multiple of 512: FAT32 from 34 MiB on, FAT16 from about 2.1 MiB on.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Serial number of the volume.</summary>
    public required uint VolumeId { get; init; }

    /// <summary>Label: up to eleven of A-Z, 0-9, space and !#$%&amp;'()-@^_`{}~. Empty for none.</summary>
    public string VolumeLabel { get; init; } = "";

    /// <summary>The time that every file and directory gets, in seconds since 1970. Times before 1980 become 1980-01-01.</summary>
    public required long TimeSeconds { get; init; }
}
