using Mantle.Unseal.Imds;
using Mantle.Unseal.Kms;
using Mantle.Unseal.Tpm;

namespace Mantle.Unseal;

/// <summary>What surrounds the program. The appliance's is <see cref="Appliance"/>; tests have others.</summary>
internal sealed record UnsealEnvironment
{
    /// <summary>The appliance's own.</summary>
    public static UnsealEnvironment Appliance { get; } = new()
    {
        ReadFile = File.ReadAllBytes,
        OpenTpm = () => new TpmDevice(),
        BrokerPath = Broker.AttestationBroker.Path,
    };

    /// <summary>Reads a file of the image.</summary>
    public required Func<string, byte[]> ReadFile { get; init; }

    /// <summary>Opens the TPM.</summary>
    public required Func<ITpmTransport> OpenTpm { get; init; }

    /// <summary>The broker's socket.</summary>
    public required string BrokerPath { get; init; }

    /// <summary>The metadata service's address.</summary>
    public Uri Metadata { get; init; } = MetadataService.Address;

    /// <summary>How long the metadata service may take for one answer.</summary>
    public TimeSpan MetadataTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Changes how KMS is called, not where it is and who vouches for it.</summary>
    public Func<KmsSettings, KmsSettings> Patience { get; init; } = settings => settings;

    /// <summary>Waits.</summary>
    public Func<TimeSpan, CancellationToken, Task> Delay { get; init; } = Task.Delay;

    /// <summary>After that unsealing has failed, wherever it hangs: sooner than process 1 loses patience, which is after 120 s, so that the stage is told.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(110);

    /// <summary>For rates.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
