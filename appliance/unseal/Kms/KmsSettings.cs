using System.Security.Cryptography.X509Certificates;

namespace Mantle.Unseal.Kms;

/// <summary>Where KMS is, and who vouches for it. All of it is measured; nothing comes from the environment.</summary>
internal sealed record KmsSettings
{
    /// <summary>For example <c>eu-central-1</c>.</summary>
    public required string Region { get; init; }

    /// <summary>https, host and port.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>The roots that a TLS certificate must lead to.</summary>
    public required X509Certificate2Collection Roots { get; init; }

    /// <summary>How long one try may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Tries after the first.</summary>
    public int Retries { get; init; } = 4;

    /// <summary>Waits between two tries.</summary>
    public Func<TimeSpan, CancellationToken, Task> Delay { get; init; } = Task.Delay;

    /// <summary>The region's own endpoint (KMS, "AWS KMS endpoints and quotas"): another partition than AWS's and China's needs the endpoint stated.</summary>
    public static Uri DefaultEndpoint(string region) =>
        new($"https://kms.{region}.amazonaws.com{(region.StartsWith("cn-", StringComparison.Ordinal) ? ".cn" : "")}");
}
