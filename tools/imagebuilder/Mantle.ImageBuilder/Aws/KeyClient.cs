using System.Diagnostics.CodeAnalysis;
using Amazon.KeyManagementService;
using Amazon.Runtime;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Aws;

/// <summary>
/// One KMS key that is used, not administered. Credentials, region and endpoint are those that the SDK finds by itself, and it tries again as often as it is told to
/// (AWS_MAX_ATTEMPTS); the region of a key's ARN goes first.
/// </summary>
internal sealed class KeyClient : IDisposable
{
    private readonly AmazonKeyManagementServiceClient _service;

    private KeyClient(string keyId, AmazonKeyManagementServiceClient service) => (KeyId, _service) = (keyId, service);

    /// <summary>Key id, alias (<c>alias/NAME</c>) or ARN.</summary>
    public string KeyId { get; }

    /// <summary>A client for a key; KMS is not asked yet.</summary>
    /// <param name="keyId">Key id, alias or ARN.</param>
    /// <param name="region">Its region; null: the ARN's, or the one that the SDK finds.</param>
    /// <param name="endpoint">Another address of KMS; null: the one that the SDK finds.</param>
    /// <param name="timeout">How long to wait for each answer; null: as for all of KMS.</param>
    /// <exception cref="UserErrorException">Nobody is signed in; exit code 5.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "the client owns the service")]
    public static KeyClient Open(string keyId, string? region = null, string? endpoint = null, TimeSpan? timeout = null)
    {
        region ??= keyId.Split(':') is ["arn", _, "kms", { Length: > 0 } named, ..] ? named : null;
        AmazonKeyManagementServiceConfig configuration = AwsConfiguration.In(new AmazonKeyManagementServiceConfig(), region);
        configuration.Timeout = timeout ?? configuration.Timeout;
        if (endpoint is not null)
        {
            configuration.ServiceURL = endpoint;
            configuration.AuthenticationRegion = region ?? configuration.AuthenticationRegion;
        }

        try
        {
            return new(keyId, new AmazonKeyManagementServiceClient(configuration));
        }
        catch (AmazonClientException problem)
        {
            throw KeyServiceErrors.Of("sign-in", problem).ToUserError();
        }
    }

    /// <summary>Asks KMS.</summary>
    /// <param name="action">The permission that it takes, for example <c>kms:Sign</c>.</param>
    /// <param name="permission">What to do about a denial.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="UserErrorException">KMS is not reached or refuses; exit code 5.</exception>
    public async Task<T> AskAsync<T>(string action, string permission, Func<IAmazonKeyManagementService, Task<T>> call, CancellationToken cancellation)
    {
        try
        {
            return await call(_service).ConfigureAwait(false);
        }
        catch (Exception problem) when (CallErrors.IsOfCall(problem, cancellation))
        {
            KeyServiceException failure = KeyServiceErrors.Of($"{action} with key \"{KeyId}\"", problem);
            throw failure.ToUserError(failure.Failure switch
            {
                KeyServiceFailure.Denied => permission,
                KeyServiceFailure.NotFound => "name an id, an ARN or alias/NAME of this account and region",
                _ => null,
            });
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _service.Dispose();
}
