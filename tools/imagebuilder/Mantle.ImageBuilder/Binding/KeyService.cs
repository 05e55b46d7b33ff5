using System.Diagnostics.CodeAnalysis;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Mantle.ImageBuilder.Aws;
using Mantle.Measure.KeyPolicy.Evaluation;

namespace Mantle.ImageBuilder.Binding;

/// <summary>
/// KMS, call by call. What may be done twice is tried again; what may not comes back as <see cref="KeyServiceFailure.Uncertain"/>, and whoever called finds out.
/// </summary>
internal sealed class KeyService : IDisposable
{
    /// <summary>Tries of a call, with waits of half a second, doubled each time: 15.5 seconds in all.</summary>
    private const int Attempts = 6;

    private readonly IAmazonKeyManagementService _client;
    private readonly Func<TimeSpan, CancellationToken, Task> _delay;

    /// <param name="client">A client that does not try again by itself.</param>
    /// <param name="delay">Waits.</param>
    public KeyService(IAmazonKeyManagementService client, Func<TimeSpan, CancellationToken, Task> delay)
    {
        _client = client;
        _delay = delay;
    }

    /// <summary>KMS of the key's region, with the credentials and the endpoint that the SDK finds.</summary>
    public static KeyService Connect(KeyIdentity key)
    {
        AmazonKeyManagementServiceConfig configuration = AwsConfiguration.In(new AmazonKeyManagementServiceConfig(), key.Region);
        configuration.HttpClientFactory = new OneConnectionEach();
        try
        {
            return new(new OneTry(configuration), Task.Delay);
        }
        catch (AmazonClientException problem)
        {
            throw KeyServiceErrors.Of("sign-in", problem).ToUserError();
        }
    }

    /// <summary>A call that can be repeated without harm.</summary>
    public Task<T> RepeatAsync<T>(string operation, Func<IAmazonKeyManagementService, Task<T>> call, CancellationToken cancellation) =>
        CallAsync(operation, call, isRepeatable: true, cancellation);

    /// <summary>A call that must not be done twice.</summary>
    public Task<T> OnceAsync<T>(string operation, Func<IAmazonKeyManagementService, Task<T>> call, CancellationToken cancellation) =>
        CallAsync(operation, call, isRepeatable: false, cancellation);

    /// <summary>Waits.</summary>
    public Task DelayAsync(TimeSpan time, CancellationToken cancellation) => _delay(time, cancellation);

    /// <summary>The key as KMS describes it.</summary>
    public async Task<KeyMetadata> DescribeAsync(string key, CancellationToken cancellation) =>
        (await RepeatAsync("DescribeKey", client => client.DescribeKeyAsync(new DescribeKeyRequest { KeyId = key }, cancellation), cancellation).ConfigureAwait(false)).KeyMetadata;

    /// <summary>The key's policy.</summary>
    public async Task<string> ReadPolicyAsync(string key, CancellationToken cancellation) =>
        (await RepeatAsync("GetKeyPolicy", client => client.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = key, PolicyName = "default" }, cancellation), cancellation).ConfigureAwait(false)).Policy;

    /// <summary>Puts a policy.</summary>
    public Task PutPolicyAsync(string key, string policy, bool bypassesLockoutCheck, CancellationToken cancellation) => OnceAsync(
        "PutKeyPolicy",
        client => client.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = key, PolicyName = "default", Policy = policy, BypassPolicyLockoutSafetyCheck = bypassesLockoutCheck }, cancellation),
        cancellation);

    /// <summary>Every page of a list.</summary>
    /// <param name="operation">For example <c>ListGrants</c>.</param>
    /// <param name="page">Asks for the page behind a marker.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<List<T>> ListAsync<T>(
        string operation, Func<IAmazonKeyManagementService, string?, Task<(List<T>? Items, string? Next)>> page, CancellationToken cancellation)
    {
        List<T> all = [];
        string? marker = null;
        do
        {
            string? from = marker;
            (List<T>? items, marker) = await RepeatAsync(operation, client => page(client, from), cancellation).ConfigureAwait(false);
            all.AddRange(items ?? []);
        }
        while (marker is not null);
        return all;
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<T> CallAsync<T>(string operation, Func<IAmazonKeyManagementService, Task<T>> call, bool isRepeatable, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await call(_client).ConfigureAwait(false);
            }
            catch (Exception problem) when (CallErrors.IsOfCall(problem, cancellation))
            {
                KeyServiceException failure = KeyServiceErrors.Of(operation, problem);
                bool isWorthIt = failure.Failure == KeyServiceFailure.Throttled || (isRepeatable && failure.Failure == KeyServiceFailure.Uncertain);
                if (!isWorthIt || attempt == Attempts)
                {
                    throw failure;
                }
            }

            await _delay(TimeSpan.FromMilliseconds(500L << (attempt - 1)), cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Without the SDK's own retries: they would make a second key after an answer that was lost.</summary>
    internal sealed class OneTry : AmazonKeyManagementServiceClient
    {
        public OneTry(AmazonKeyManagementServiceConfig configuration)
            : base(configuration)
        {
        }

        public OneTry(AWSCredentials credentials, AmazonKeyManagementServiceConfig configuration)
            : base(credentials, configuration)
        {
        }

        protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
        {
            base.CustomizeRuntimePipeline(pipeline);
            pipeline.RemoveHandler<RetryHandler>();
        }
    }

    /// <summary>A connection for each request: .NET sends a request again by itself when a connection that was used before breaks.</summary>
    internal sealed class OneConnectionEach : HttpClientFactory
    {
        [SuppressMessage("Reliability", "CA2000", Justification = "the client disposes of its handler, and the SDK of the client")]
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero });

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;
    }
}
