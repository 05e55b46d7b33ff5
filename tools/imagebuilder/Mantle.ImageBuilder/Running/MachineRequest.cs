using Mantle.Measure.Prediction;

namespace Mantle.ImageBuilder.Running;

/// <summary>What machine boots which image.</summary>
public sealed record MachineRequest
{
    /// <summary>The raw disk image. It is only read: what the guest writes is lost with the machine.</summary>
    public required string Image { get; init; }

    /// <summary>Further disks, only read as well, in this order.</summary>
    public IReadOnlyList<string> Disks { get; init; } = [];

    /// <summary>Memory in MiB, 256 to 1048576.</summary>
    public int MemoryMebibytes { get; init; } = 1024;

    /// <summary>Ports of the host's loopback that lead into the guest.</summary>
    public IReadOnlyList<PortForward> Ports { get; init; } = [];

    /// <summary>Whether the guest reaches the networks that the host reaches; otherwise it reaches nothing and is reached by <see cref="Ports"/> alone.</summary>
    public bool IsConnected { get; init; }

    /// <summary>The keys of a machine with Secure Boot; null: a machine without keys, where it is off.</summary>
    public SecureBootVariables? Keys { get; init; }

    /// <summary>Where to put a socket that is the machine's serial port; null: it has none.</summary>
    public string? SerialSocket { get; init; }
}
