using Amazon.Runtime;

namespace Mantle.ImageBuilder.Aws;

/// <summary>Sorts the errors of EC2 (EC2 API Reference, "Error codes") and of the EBS direct APIs (their "Common Errors" and those of each operation).</summary>
internal static class CloudErrors
{
    /// <summary>The failure behind what was thrown.</summary>
    /// <param name="call">Which call where, for example <c>us-east-1: RegisterImage</c>.</param>
    /// <param name="problem">What was thrown.</param>
    public static CloudException Of(string call, Exception problem) => problem switch
    {
        AmazonServiceException { ErrorCode: { Length: > 0 } code } answered => Of(call, code, answered.Message, (int)answered.StatusCode, problem),
        OperationCanceledException or TimeoutException => new(CloudFailure.Uncertain, $"{call}: no answer in time", "check network and endpoint, then run it again", problem),
        _ => new(CloudFailure.Uncertain, $"{call}: no answer: {CallErrors.Line(problem.Message)}", "check region, credentials and network, then run it again", problem),
    };

    /// <summary>The failure behind an answer.</summary>
    /// <param name="call">Which call where.</param>
    /// <param name="code">The error's name.</param>
    /// <param name="text">The error's text.</param>
    /// <param name="status">HTTP status.</param>
    /// <param name="cause">What was thrown, if anything.</param>
    public static CloudException Of(string call, string code, string text, int status, Exception? cause = null)
    {
        (CloudFailure failure, string what, string hint) = code switch
        {
            "ThrottlingException" or "RequestThrottledException" or "RequestThrottled" or "RequestLimitExceeded" or "Throttling" or "TooManyRequestsException" or "SlowDown" => (
                CloudFailure.Throttled, $"{call} is throttled, and stayed so through every attempt", "try again later"),
            "ExpiredTokenException" or "ExpiredToken" or "RequestExpired" or "UnrecognizedClientException" or "InvalidSignatureException" or "SignatureDoesNotMatch" or "IncompleteSignatureException"
                or "MissingAuthenticationTokenException" or "InvalidClientTokenId" or "MissingAuthenticationToken" => (
                CloudFailure.Credentials, $"{call}: the credentials are not accepted: {code}: {CallErrors.Line(text)}", "sign in again; check the clock"),
            "AuthFailure" when text.Contains("credentials", StringComparison.OrdinalIgnoreCase) => (CloudFailure.Credentials, $"{call}: the credentials are not accepted: {code}: {CallErrors.Line(text)}", "sign in again; check the clock"),
            "AccessDeniedException" or "AccessDenied" or "UnauthorizedOperation" or "AuthFailure" or "OperationNotPermitted" => (
                CloudFailure.Denied, $"{call} is denied: {CallErrors.Line(text)}", code == "OperationNotPermitted" ? "see the account's settings for sharing" : "docs/publishing.md lists the permissions"),
            "ResourceNotFoundException" => (CloudFailure.NotFound, $"{call}: {CallErrors.Line(text)}", "check region and account"),
            "ConflictException" or "IdempotentParameterMismatch" or "InvalidAMIName.Duplicate" => (CloudFailure.Conflict, $"{call}: {CallErrors.Line(text)}", "look at what is there already"),
            "ServiceQuotaExceededException" or "ConcurrentLimitExceededException" or "SnapshotCreationPerVolumeRateExceeded" or "SnapshotLimitExceeded" or "ResourceLimitExceeded" or "PendingSnapshotLimitExceeded" => (
                CloudFailure.Quota, $"{call}: a quota of the account is used up: {code}: {CallErrors.Line(text)}", "delete what is not needed (\"imagebuilder ami gc\"), wait for pending snapshots, or ask for a higher quota"),
            _ when code.EndsWith(".NotFound", StringComparison.Ordinal) => (CloudFailure.NotFound, $"{call}: {CallErrors.Line(text)}", "check region and account"),
            _ when status == 429 => (CloudFailure.Throttled, $"{call} is throttled, and stayed so through every attempt", "try again later"),
            _ when status >= 500 => (CloudFailure.Uncertain, $"{call}: the service failed: {status} {code}", "run it again"),
            _ => (CloudFailure.Refused, $"{call}: {code}: {CallErrors.Line(text)}", "see the API reference for this error"),
        };
        return new(failure, what, hint, cause) { Code = code };
    }
}
