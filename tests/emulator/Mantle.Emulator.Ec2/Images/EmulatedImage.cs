namespace Mantle.Emulator.Ec2.Images;

/// <summary>An AMI.</summary>
public sealed class EmulatedImage
{
    public required string Id { get; init; }

    public required string Region { get; init; }

    public required string Owner { get; init; }

    public required string Name { get; init; }

    public string Description { get; init; } = "";

    public string State { get; set; } = "available";

    public string Architecture { get; set; } = "i386";

    public string RootDeviceName { get; set; } = "";

    public string VirtualizationType { get; set; } = "paravirtual";

    public bool EnaSupport { get; set; }

    public string? BootMode { get; set; }

    public string? TpmSupport { get; set; }

    public string? ImdsSupport { get; set; }

    /// <summary>The variable blob, text.</summary>
    public string? UefiData { get; set; }

    public List<EmulatedDevice> Devices { get; } = [];

    public SortedSet<string> LaunchPermissions { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, string> Tags { get; } = new(StringComparer.Ordinal);

    public DateTimeOffset Created { get; init; }

    public DateTimeOffset? Deprecated { get; set; }

    public string? SourceImage { get; init; }

    public string? SourceRegion { get; init; }

    public string? ClientToken { get; init; }

    internal int Invisible { get; set; }

    internal int PendingReads { get; set; }
}

/// <summary>One member of a block device mapping.</summary>
public sealed record EmulatedDevice(string Name, string? Snapshot, int Size, string VolumeType, bool DeletesOnTermination);
