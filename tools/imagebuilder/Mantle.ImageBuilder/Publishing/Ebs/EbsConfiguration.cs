using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Endpoints;
using Amazon.Runtime.Internal;
using Mantle.ImageBuilder.Aws;

namespace Mantle.ImageBuilder.Publishing.Ebs;

/// <summary>The SDK's configuration for a service for which it has no package here: the identifier by which it finds the endpoint and its settings.</summary>
internal sealed class EbsConfiguration : ClientConfig
{
    private EbsConfiguration()
        : base(new DefaultConfigurationProvider([new DefaultConfiguration()])) => ServiceId = "EBS";

    /// <inheritdoc/>
    public override string ServiceVersion => "2019-11-02";

    /// <inheritdoc/>
    public override string UserAgent => "mantle";

    /// <inheritdoc/>
    public override string RegionEndpointServiceName => "ebs";

    /// <summary>Where the EBS direct APIs of a region are, without a final slash.</summary>
    public static Uri Find(string region)
    {
        EbsConfiguration configuration = AwsConfiguration.In(new EbsConfiguration(), region);
        string text = configuration.ServiceURL ?? $"https://ebs.{region}.{RegionEndpoint.GetBySystemName(region).PartitionDnsSuffix}";
        return new Uri(text.TrimEnd('/'));
    }

    /// <inheritdoc/>
    public override Endpoint DetermineServiceOperationEndpoint(ServiceOperationEndpointParameters parameters) => new(Find(RegionEndpoint!.SystemName).AbsoluteUri);
}
