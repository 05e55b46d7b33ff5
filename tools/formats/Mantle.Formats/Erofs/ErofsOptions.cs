namespace Mantle.Formats.Erofs;

/// <summary>What an image is told beside the file tree.</summary>
public sealed record ErofsOptions
{
    /// <summary>Identifier of the file system.</summary>
    public required Guid VolumeId { get; init; }

    /// <summary>Time of the build in seconds since 1970. Files with this modification time take a smaller inode.</summary>
    public required long BuildTimeSeconds { get; init; }

    /// <summary>Label, at most 15 bytes.</summary>
    public string VolumeName { get; init; } = "";
}
