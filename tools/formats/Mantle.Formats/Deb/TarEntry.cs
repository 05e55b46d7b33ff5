namespace Mantle.Formats.Deb;

/// <summary>One entry of a tar archive, long names and extended headers already applied.</summary>
internal sealed class TarEntry
{
    /// <summary>Type flag (POSIX pax, ustar interchange format): <c>0</c> to <c>6</c>.</summary>
    public required char Type { get; init; }

    /// <summary>Name as it is in the archive.</summary>
    public required string Name { get; init; }

    /// <summary>Target of a link.</summary>
    public required string LinkName { get; init; }

    /// <summary>Mode bits; some writers include the file type.</summary>
    public required int Mode { get; init; }

    /// <summary>Owner.</summary>
    public required uint UserId { get; init; }

    /// <summary>Group.</summary>
    public required uint GroupId { get; init; }

    /// <summary>Modification time in seconds since 1970.</summary>
    public required long ModifiedSeconds { get; init; }

    /// <summary>Major number of a device.</summary>
    public required uint DeviceMajor { get; init; }

    /// <summary>Minor number of a device.</summary>
    public required uint DeviceMinor { get; init; }

    /// <summary>Where the entry's header begins, in bytes.</summary>
    public required long HeaderOffset { get; init; }

    /// <summary>Where the content begins, in bytes.</summary>
    public required long ContentOffset { get; init; }

    /// <summary>Length of the content in bytes.</summary>
    public required long ContentLength { get; init; }

    /// <summary>Extended attributes by full name; empty for most entries.</summary>
    public IReadOnlyDictionary<string, byte[]> ExtendedAttributes { get; init; } = new Dictionary<string, byte[]>();
}
