using System.Net;

namespace Mantle.Emulator.Imds;

/// <summary>Credentials as the metadata service hands them out.</summary>
public sealed record MetadataCredentials(string AccessKeyId, string SecretAccessKey, string Token, DateTimeOffset Expiration);

/// <summary>What an instance is.</summary>
public sealed record MetadataOptions
{
    /// <summary>The role of the instance; null for none.</summary>
    public string? Role { get; init; } = "mantle-appliance";

    /// <summary>The role's credentials, asked for each time.</summary>
    public Func<MetadataCredentials>? Credentials { get; init; }

    public string Region { get; init; } = "eu-central-1";

    public string InstanceId { get; init; } = "i-0123456789abcdef0";

    public string Account { get; init; } = "111122223333";

    /// <summary>User data; null for none. An appliance must not read it.</summary>
    public string? UserData { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where it listens.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>0 for any.</summary>
    public int Port { get; init; }
}
