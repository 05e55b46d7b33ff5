using Amazon;
using Amazon.Runtime;

namespace Mantle.ImageBuilder.Aws;

/// <summary>How a service of AWS is reached, for everything here that asks one.</summary>
internal static class AwsConfiguration
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(15);

    /// <summary>
    /// A region's service, or the endpoint that the SDK's own configuration names for it (<c>AWS_ENDPOINT_URL_KMS</c>, <c>_EC2</c>, <c>_EBS</c>, or
    /// <c>AWS_ENDPOINT_URL</c> for all); retries are the SDK's.
    /// </summary>
    /// <param name="configuration">The service's own kind of configuration.</param>
    /// <param name="region">Where the service is; null: the SDK's own configuration says it.</param>
    public static T In<T>(T configuration, string? region)
        where T : ClientConfig
    {
        configuration.Timeout = s_timeout;
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
