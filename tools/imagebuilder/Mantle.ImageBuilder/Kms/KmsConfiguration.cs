using Amazon;
using Amazon.KeyManagementService;

namespace Mantle.ImageBuilder.Kms;

/// <summary>How KMS is reached, for everything here that asks it.</summary>
internal static class KmsConfiguration
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(15);

    /// <summary>A region's KMS, or the endpoint that the SDK's own configuration names; retries are the SDK's.</summary>
    /// <param name="region">Where the key is; null: the SDK's own configuration says it.</param>
    public static AmazonKeyManagementServiceConfig Create(string? region)
    {
        AmazonKeyManagementServiceConfig configuration = new() { Timeout = s_timeout };
        if (region is null)
        {
            return configuration;
        }

        if (configuration.ServiceURL is { } endpoint)
        {
            // The SDK loses an endpoint of the environment when it looks for a region afterwards; one that is set it keeps.
            configuration.ServiceURL = endpoint;
            configuration.AuthenticationRegion = region;
        }
        else
        {
            configuration.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        }

        return configuration;
    }
}
