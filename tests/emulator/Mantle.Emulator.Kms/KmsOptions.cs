using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Mantle.Emulator.Kms;

/// <summary>What an endpoint is to be.</summary>
public sealed record KmsOptions
{
    /// <summary>Whose requests it knows.</summary>
    public IReadOnlyList<KmsCaller> Callers { get; init; } = [];

    /// <summary>Roots of attestation documents, DER. None by default: no document verifies.</summary>
    public IReadOnlyList<byte[]> AttestationRoots { get; init; } = [];

    /// <summary>The clock of signatures, certificates, dates.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where it listens.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>0 for any.</summary>
    public int Port { get; init; }

    /// <summary>With it, HTTPS.</summary>
    public X509Certificate2? Certificate { get; init; }
}
