using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Mantle.Emulator.Kms.Wire;

/// <summary>Checks who signed a request (IAM User Guide, "Create a signed AWS API request").</summary>
internal static class SignatureVersion4
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    /// <summary>How far the clocks of the two sides may be apart.</summary>
    private static readonly TimeSpan s_skew = TimeSpan.FromMinutes(5);

    /// <summary>The signer, and the region that the signature is for.</summary>
    /// <exception cref="KmsErrorException">The errors that AWS's endpoints answer.</exception>
    public static (KmsCaller Caller, string Region) Check(HttpRequest request, byte[] body, IReadOnlyList<KmsCaller> callers, DateTimeOffset now)
    {
        string header = request.Headers.Authorization.ToString();
        if (header.Length == 0)
        {
            throw new KmsErrorException("MissingAuthenticationTokenException", "Missing Authentication Token");
        }

        Dictionary<string, string> parts = header.StartsWith(Algorithm + " ", StringComparison.Ordinal)
            ? header[(Algorithm.Length + 1)..].Split(',').Select(part => part.Trim().Split('=', 2)).Where(part => part.Length == 2).ToDictionary(part => part[0], part => part[1], StringComparer.Ordinal)
            : [];
        string[] scope = parts.GetValueOrDefault("Credential", "").Split('/');
        string[] names = parts.GetValueOrDefault("SignedHeaders", "").Split(';');
        string date = request.Headers["X-Amz-Date"].ToString();
        if (scope.Length != 5 || !parts.TryGetValue("Signature", out string? signature) || !names.Contains("host") || !names.Contains("x-amz-date") || date.Length != 16)
        {
            throw new KmsErrorException("IncompleteSignatureException", "Authorization header requires 'Credential', 'Signature', 'SignedHeaders' and a signed date.");
        }

        KmsCaller caller = callers.FirstOrDefault(caller => caller.AccessKeyId == scope[0])
            ?? throw new KmsErrorException("UnrecognizedClientException", "The security token included in the request is invalid.");
        string token = request.Headers["X-Amz-Security-Token"].ToString();
        if (token != (caller.SessionToken ?? ""))
        {
            throw new KmsErrorException("UnrecognizedClientException", "The security token included in the request is invalid.");
        }

        if (caller.Expires <= now)
        {
            throw new KmsErrorException("ExpiredTokenException", "The security token included in the request is expired");
        }

        DateTimeOffset signed = DateTimeOffset.ParseExact(date, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        if ((signed - now).Duration() > s_skew)
        {
            string border = (signed < now ? now - s_skew : now + s_skew).UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
            throw new KmsErrorException("InvalidSignatureException", signed < now
                ? $"Signature expired: {date} is now earlier than {border}"
                : $"Signature not yet current: {date} is still later than {border}");
        }

        string canonical = string.Join('\n', [
            request.Method,
            request.Path.Value,
            request.QueryString.Value!.TrimStart('?'),
            .. names.Select(name => $"{name}:{string.Join(',', request.Headers[name].Select(value => value!.Trim()))}"),
            "",
            string.Join(';', names),
            Convert.ToHexStringLower(SHA256.HashData(body)),
        ]);
        string toSign = $"{Algorithm}\n{date}\n{string.Join('/', scope[1..])}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        byte[] key = Encoding.UTF8.GetBytes("AWS4" + caller.SecretKey);
        foreach (string part in scope[1..])
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        }

        string expected = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(toSign)));
        if (expected != signature || scope[1] != date[..8] || scope[3] != "kms" || scope[4] != "aws4_request")
        {
            throw new KmsErrorException(
                "InvalidSignatureException",
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.");
        }

        return (caller, scope[2]);
    }
}
