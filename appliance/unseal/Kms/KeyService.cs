using System.Net;
using System.Security.Cryptography;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using Mantle.Formats.Bytes;
using Mantle.Unseal.Imds;

namespace Mantle.Unseal.Kms;

/// <summary>kms:Decrypt with an attestation document: the answer is encrypted to the key in the document.</summary>
internal sealed class KeyService(KmsSettings settings)
{
    /// <summary>Tries, waits and all: after that the attempt has failed.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(80);

    /// <summary>Decrypts a data key.</summary>
    /// <param name="credentials">The instance's.</param>
    /// <param name="ciphertext">KMS's ciphertext.</param>
    /// <param name="context">The encryption context.</param>
    /// <param name="document">The attestation document, which names the key to encrypt to.</param>
    /// <returns>The message to that key.</returns>
    /// <exception cref="ExpiredCredentialsException">The credentials have expired.</exception>
    /// <exception cref="UnsealException">Any other failure.</exception>
    public async Task<RecipientMessage> DecryptAsync(
        RoleCredentials credentials, ReadOnlyMemory<byte> ciphertext, IReadOnlyDictionary<string, string> context, byte[] document)
    {
        KmsConnections connections = new(settings);
        using CancellationTokenSource patience = new(s_patience);
        try
        {
            using KmsClient client = new(credentials, settings, connections);
            DecryptResponse response = await client.DecryptAsync(
                new DecryptRequest
                {
                    CiphertextBlob = new(ciphertext.ToArray()),
                    EncryptionContext = new(context),
                    Recipient = new()
                    {
                        AttestationDocument = new(document),
                        KeyEncryptionAlgorithm = KeyEncryptionMechanism.RSAES_OAEP_SHA_256,
                    },
                },
                patience.Token).ConfigureAwait(false);
            return Read(response);
        }
        catch (Exception e) when (IsOfCall(e))
        {
            throw IsExpired(e) ? new ExpiredCredentialsException(e) : new UnsealException(StageOf(e, connections), e);
        }
    }

    private static RecipientMessage Read(DecryptResponse response)
    {
        if (response.Plaintext is { Length: > 0 } plaintext)
        {
            // KMS never does that; whoever did has given the key away already.
            CryptographicOperations.ZeroMemory(plaintext.GetBuffer());
            throw new UnsealException(Stage.KmsAnswer);
        }

        try
        {
            return response.CiphertextForRecipient is { } message ? RecipientMessage.Read(message.ToArray()) : throw new UnsealException(Stage.KmsAnswer);
        }
        catch (MalformedInputException e)
        {
            throw new UnsealException(Stage.RecipientMessage, e);
        }
    }

    private static bool IsOfCall(Exception problem) =>
        problem is AmazonClientException or AmazonServiceException or HttpRequestException or WebException or IOException or OperationCanceledException or TimeoutException
            or System.Text.Json.JsonException or FormatException;

    private static bool IsExpired(Exception problem) => problem is AmazonServiceException { ErrorCode: "ExpiredTokenException" };

    /// <summary>Which code an operator gets to see (docs/unsealing.md).</summary>
    private static Stage StageOf(Exception problem, KmsConnections connections) => problem switch
    {
        AmazonServiceException { ErrorCode: "InvalidSignatureException" or "RequestTimeTooSkewed" or "RequestExpired" or "RequestInTheFuture" } signature
            when signature.ErrorCode != "InvalidSignatureException" || IsAboutTime(signature.Message) => Stage.Clock,
        AmazonServiceException { ErrorCode: "ThrottlingException" or "Throttling" or "TooManyRequestsException" or "LimitExceededException" or "RequestLimitExceeded" } => Stage.KmsThrottled,
        AmazonServiceException { ErrorCode: "InvalidCiphertextException" or "IncorrectKeyException" } => Stage.SealedBlob,
        AmazonServiceException { StatusCode: >= HttpStatusCode.InternalServerError } => Stage.KmsFailed,
        AmazonServiceException { ErrorCode: { Length: > 0 }, StatusCode: >= HttpStatusCode.BadRequest } => Stage.KmsDenied,
        _ when Chain(problem).Any(cause => cause is AmazonUnmarshallingException or System.Text.Json.JsonException or FormatException) => Stage.KmsAnswer,
        _ when connections.IsTimeWrong => Stage.Clock,
        _ => Stage.KmsUnreachable,
    };

    private static bool IsAboutTime(string message) =>
        message.Contains("Signature expired", StringComparison.Ordinal) || message.Contains("Signature not yet current", StringComparison.Ordinal);

    private static IEnumerable<Exception> Chain(Exception problem)
    {
        for (Exception? cause = problem; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }
}

/// <summary>The instance's credentials have expired: there are newer ones.</summary>
internal sealed class ExpiredCredentialsException(Exception cause) : Exception("expired", cause);
