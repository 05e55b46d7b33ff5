using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Mantle.Emulator.Aws;

/// <summary>Checks who signed a request (IAM User Guide, "Create a signed AWS API request").</summary>
public static class SignatureVersion4
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    /// <summary>What <c>x-amz-content-sha256</c> says of a body that the signature does not cover.</summary>
    private const string UnsignedPayload = "UNSIGNED-PAYLOAD";

    /// <summary>How far the clocks of the two sides may be apart.</summary>
    private static readonly TimeSpan s_skew = TimeSpan.FromMinutes(5);

    /// <summary>The signer, and the region that the signature is for.</summary>
    /// <param name="request">The request.</param>
    /// <param name="body">Its body; null where the operation leaves the body unsigned.</param>
    /// <param name="service">The name that the scope has to have, for example <c>kms</c>.</param>
    /// <param name="callers">Who is known.</param>
    /// <param name="now">The endpoint's time.</param>
    /// <exception cref="AwsSignatureException">Nobody known signed it.</exception>
    public static (T Caller, string Region) Check<T>(HttpRequest request, byte[]? body, string service, IReadOnlyList<T> callers, DateTimeOffset now)
        where T : class, IAwsCaller
    {
        string header = request.Headers.Authorization.ToString();
        if (header.Length == 0)
        {
            throw new AwsSignatureException("MissingAuthenticationTokenException", "Missing Authentication Token");
        }

        Dictionary<string, string> parts = header.StartsWith(Algorithm + " ", StringComparison.Ordinal)
            ? header[(Algorithm.Length + 1)..].Split(',').Select(part => part.Trim().Split('=', 2)).Where(part => part.Length == 2).ToDictionary(part => part[0], part => part[1], StringComparer.Ordinal)
            : [];
        string[] scope = parts.GetValueOrDefault("Credential", "").Split('/');
        string[] names = parts.GetValueOrDefault("SignedHeaders", "").Split(';');
        string date = request.Headers["X-Amz-Date"].ToString();
        if (scope.Length != 5 || !parts.TryGetValue("Signature", out string? signature) || !names.Contains("host") || !names.Contains("x-amz-date") || date.Length != 16)
        {
            throw new AwsSignatureException("IncompleteSignatureException", "Authorization header requires 'Credential', 'Signature', 'SignedHeaders' and a signed date.");
        }

        T caller = callers.FirstOrDefault(caller => caller.AccessKeyId == scope[0])
            ?? throw new AwsSignatureException("UnrecognizedClientException", "The security token included in the request is invalid.");
        if (request.Headers["X-Amz-Security-Token"].ToString() != (caller.SessionToken ?? ""))
        {
            throw new AwsSignatureException("UnrecognizedClientException", "The security token included in the request is invalid.");
        }

        if (caller.Expires <= now)
        {
            throw new AwsSignatureException("ExpiredTokenException", "The security token included in the request is expired");
        }

        CheckTime(date, now);
        string canonical = string.Join('\n', [
            request.Method,
            request.Path.Value,
            string.Join('&', request.QueryString.Value!.TrimStart('?').Split('&').Order(StringComparer.Ordinal)),
            .. names.Select(name => $"{name}:{string.Join(',', request.Headers[name].Select(value => value!.Trim()))}"),
            "",
            string.Join(';', names),
            ContentHash(request, body, names),
        ]);
        string toSign = $"{Algorithm}\n{date}\n{string.Join('/', scope[1..])}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        byte[] key = Encoding.UTF8.GetBytes("AWS4" + caller.SecretKey);
        foreach (string part in scope[1..])
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        }

        string expected = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(toSign)));
        if (expected != signature || scope[1] != date[..8] || scope[3] != service || scope[4] != "aws4_request")
        {
            throw new AwsSignatureException(
                "InvalidSignatureException",
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.");
        }

        return (caller, scope[2]);
    }

    private static void CheckTime(string date, DateTimeOffset now)
    {
        DateTimeOffset signed = DateTimeOffset.ParseExact(date, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        if ((signed - now).Duration() > s_skew)
        {
            string border = (signed < now ? now - s_skew : now + s_skew).UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
            throw new AwsSignatureException("InvalidSignatureException", signed < now
                ? $"Signature expired: {date} is now earlier than {border}"
                : $"Signature not yet current: {date} is still later than {border}");
        }
    }

    private static string ContentHash(HttpRequest request, byte[]? body, string[] names)
    {
        string claimed = request.Headers["x-amz-content-sha256"].ToString();
        if (body is null)
        {
            return claimed == UnsignedPayload && names.Contains("x-amz-content-sha256") ? UnsignedPayload
                : throw new AwsSignatureException("InvalidSignatureException", "x-amz-content-sha256 must be UNSIGNED-PAYLOAD and signed.");
        }

        string actual = Convert.ToHexStringLower(SHA256.HashData(body));
        return claimed.Length == 0 || claimed == actual ? actual
            : throw new AwsSignatureException("InvalidSignatureException", "x-amz-content-sha256 is not the hash of the body.");
    }
}
