using Amazon.KeyManagementService;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Mantle.Unseal.Imds;

namespace Mantle.Unseal.Kms;

/// <summary>
/// AWS's client with everything stated: credentials, endpoint, region, retries. So it has no reason to look into the environment or a profile; that it does not, a test
/// sees. It writes no log and no metrics.
/// </summary>
internal sealed class KmsClient(RoleCredentials credentials, KmsSettings settings, KmsConnections connections)
    : AmazonKeyManagementServiceClient(
        new SessionAWSCredentials(credentials.AccessKeyId, credentials.SecretAccessKey, credentials.Token), Configure(settings, connections))
{
    /// <inheritdoc/>
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        pipeline.ReplaceHandler<RetryHandler>(new RetryHandler(new Retries(Config, settings.Delay)));
    }

    private static AmazonKeyManagementServiceConfig Configure(KmsSettings settings, KmsConnections connections) => new()
    {
        ServiceURL = settings.Endpoint.AbsoluteUri,
        AuthenticationRegion = settings.Region,
        IgnoreConfiguredEndpointUrls = true,
        DefaultConfigurationMode = DefaultConfigurationMode.Standard,
        AccountIdEndpointMode = AccountIdEndpointMode.DISABLED,
        UseFIPSEndpoint = false,
        UseDualstackEndpoint = false,
        EndpointDiscoveryEnabled = false,
        ClientAppId = "mantle",
        HttpClientFactory = connections,
        Timeout = settings.Timeout,
        RetryMode = RequestRetryMode.Standard,
        MaxErrorRetry = settings.Retries,
        ThrottleRetries = true,
        AllowAutoRedirect = false,
        DisableRequestCompression = true,
        RequestMinCompressionSizeBytes = 10_240,
        DisableLogging = true,
        LogMetrics = false,
        LogResponse = false,
    };

    /// <summary>The SDK's own judgement of what may be tried again, clock skew included, with waits that are ours: half a second, doubled each time.</summary>
    private sealed class Retries(IClientConfig config, Func<TimeSpan, CancellationToken, Task> delay) : StandardRetryPolicy(config)
    {
        public override Task WaitBeforeRetryAsync(IExecutionContext executionContext) =>
            delay(TimeSpan.FromMilliseconds(500 << Math.Min(executionContext.RequestContext.Retries - 1, 4)), executionContext.RequestContext.CancellationToken);
    }
}
