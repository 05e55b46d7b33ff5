using System.Net;

namespace Mantle.Emulator.Ec2;

/// <summary>What an endpoint is to be.</summary>
public sealed record Ec2Options
{
    /// <summary>Where blocks are kept, an existing folder.</summary>
    public required string Folder { get; init; }

    /// <summary>Whose requests it knows.</summary>
    public IReadOnlyList<Ec2Caller> Callers { get; init; } = [];

    /// <summary>The regions that there are.</summary>
    public IReadOnlyList<string> Regions { get; init; } = ["eu-central-1", "us-east-1", "us-west-2"];

    /// <summary>The clock of signatures, dates and timeouts.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where it listens.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>0 for any.</summary>
    public int Port { get; init; }
}
