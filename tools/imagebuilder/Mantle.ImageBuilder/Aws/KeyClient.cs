using System.Net;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Signing.Keys;

/// <summary>What KMS and the way to it can say, as the user reads it. The SDK has tried again by then whatever is worth it.</summary>
internal static class KmsErrors
{
    public static T Guard<T>(string keyId, Func<T> call)
    {
        try
        {
            return call();
        }
        catch (AmazonClientException problem)
        {
            throw Translate(keyId, problem);
        }
    }

    public static async Task<T> GuardAsync<T>(string keyId, Func<Task<T>> call, CancellationToken cancellation)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception problem) when (!cancellation.IsCancellationRequested
            && problem is AmazonClientException or AmazonServiceException or HttpRequestException or WebException or IOException or OperationCanceledException or TimeoutException)
        {
            throw Translate(keyId, problem);
        }
    }

    private static UserErrorException Translate(string keyId, Exception problem)
    {
        (string what, string hint) = problem switch
        {
            AmazonServiceException { ErrorCode: "AccessDeniedException" } denied => (
                $"access to key \"{keyId}\" is denied: {Line(denied)}", "the caller needs kms:GetPublicKey and kms:Sign on this key"),
            AmazonServiceException { ErrorCode: "ThrottlingException" or "LimitExceededException" or "TooManyRequestsException" } => (
                $"requests for key \"{keyId}\" are throttled, and stayed so through every attempt", "try again later"),
            NotFoundException => ($"there is no key \"{keyId}\" in this account and region", "name an id, an ARN or alias/NAME"),
            DisabledException or KMSInvalidStateException => ($"key \"{keyId}\" cannot be used: {Line(problem)}", "enable it, or cancel its deletion"),
            InvalidKeyUsageException => ($"key \"{keyId}\" does not sign this way: {Line(problem)}", "name a key with usage SIGN_VERIFY"),
            AmazonServiceException { ErrorCode: "ExpiredTokenException" or "UnrecognizedClientException" or "InvalidSignatureException" or "IncompleteSignature" } credentials => (
                $"the credentials are not accepted: {Line(credentials)}", "sign in again"),
            AmazonServiceException { StatusCode: >= HttpStatusCode.InternalServerError } failed => ($"the service failed: {Line(failed)}", "try again later"),
            AmazonServiceException refused => ($"key \"{keyId}\": {refused.ErrorCode}: {Line(refused)}", "see the AWS KMS API Reference for this error"),
            OperationCanceledException or TimeoutException => ("no answer in time", "check network and endpoint, then try again"),
            _ => ($"not reached: {Line(problem)}", "check region, credentials and network"),
        };
        return new($"kms: {what}", hint, ExitCode.Remote, problem);
    }

    private static string Line(Exception problem) => problem.Message.Split('\n')[0].TrimEnd('.', '\r');
}
