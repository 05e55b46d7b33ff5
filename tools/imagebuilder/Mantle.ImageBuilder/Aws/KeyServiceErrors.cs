using System.Net;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;

namespace Mantle.ImageBuilder.Aws;

/// <summary>Sorts what the SDK throws (KMS API Reference, "Errors" of each operation and "Common Errors").</summary>
internal static class KeyServiceErrors
{
    /// <summary>The failure of an operation.</summary>
    /// <param name="operation">For example <c>PutKeyPolicy</c>, or <c>kms:Sign with key "alias/x"</c>.</param>
    /// <param name="problem">What was thrown.</param>
    public static KeyServiceException Of(string operation, Exception problem)
    {
        (KeyServiceFailure failure, string what, string hint) = problem switch
        {
            AmazonServiceException { ErrorCode: "AccessDeniedException" } denied => (
                KeyServiceFailure.Denied, $"{operation} is denied: {Line(denied)}", "use the credentials of an administrator whom the live policy lets do this"),
            AmazonServiceException { ErrorCode: "ThrottlingException" or "TooManyRequestsException" } => (
                KeyServiceFailure.Throttled, $"{operation} is throttled, and stayed so through every attempt", "try again later"),
            NotFoundException missing => (KeyServiceFailure.NotFound, $"{operation}: {Line(missing)}", "check key.id, region and account of the plan"),
            AlreadyExistsException exists => (KeyServiceFailure.Exists, $"{operation}: {Line(exists)}", "look at the alias"),
            MalformedPolicyDocumentException { Message: var text } when text.Contains("invalid principals", StringComparison.OrdinalIgnoreCase) => (
                KeyServiceFailure.UnknownPrincipal, $"{operation}: the policy names a principal that IAM does not know", "create the roles first, and give IAM a minute to tell KMS"),
            MalformedPolicyDocumentException { Message: var text } when text.Contains("update the key policy", StringComparison.OrdinalIgnoreCase) => (
                KeyServiceFailure.Lockout, $"{operation}: KMS refuses the policy as a lockout: these credentials could not replace it again",
                "run this as an administrator with \"replace-policy\" in the plan"),
            MalformedPolicyDocumentException => (KeyServiceFailure.Refused, $"{operation}: KMS refuses the policy: {Line(problem)}", "see the AWS KMS API Reference for this error"),
            DisabledException or KMSInvalidStateException => (KeyServiceFailure.State, $"{operation}: {Line(problem)}", "enable the key, or cancel its deletion"),
            InvalidKeyUsageException => (KeyServiceFailure.Unsupported, $"{operation}: {Line(problem)}", "name a key with the usage that this takes"),
            UnsupportedOperationException => (KeyServiceFailure.Unsupported, $"{operation} is not for this kind of key", "use a symmetric key whose material KMS made"),
            AmazonServiceException { ErrorCode: "ExpiredTokenException" or "UnrecognizedClientException" or "InvalidSignatureException" or "IncompleteSignature" or "IncompleteSignatureException" or "MissingAuthenticationTokenException" } credentials => (
                KeyServiceFailure.Credentials, $"the credentials are not accepted: {credentials.ErrorCode}: {Line(credentials)}", "sign in again; check the clock"),
            AmazonServiceException { StatusCode: >= HttpStatusCode.InternalServerError } failed => (KeyServiceFailure.Uncertain, $"{operation}: KMS failed: {failed.ErrorCode}", "run it again"),
            AmazonServiceException { ErrorCode: { Length: > 0 } code } refused when (int)refused.StatusCode >= 400 => (KeyServiceFailure.Refused, $"{operation}: {code}: {Line(refused)}", "see the AWS KMS API Reference for this error"),
            OperationCanceledException or TimeoutException => (KeyServiceFailure.Uncertain, $"{operation}: no answer in time", "check network and endpoint, then run it again"),
            _ => (KeyServiceFailure.Uncertain, $"{operation}: no answer: {Line(problem)}", "check region, credentials and network, then run it again"),
        };
        return new(failure, what, hint, problem);
    }

    private static string Line(Exception problem) => CallErrors.Line(problem.Message);
}
