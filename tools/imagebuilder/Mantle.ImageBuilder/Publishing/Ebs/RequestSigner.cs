using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Amazon.Runtime;
using Amazon.Runtime.Internal.Auth;

namespace Mantle.ImageBuilder.Publishing.Ebs;

/// <summary>Signs requests with the SDK's signer (IAM User Guide, "Create a signed AWS API request"); only the canonical request is put together here.</summary>
/// <param name="credentials">Credentials that renew themselves where they can.</param>
/// <param name="region">The region of the scope.</param>
/// <param name="time">The clock of signatures.</param>
internal sealed class RequestSigner(AWSCredentials credentials, string region, TimeProvider time)
{
    private const string Service = "ebs";

    /// <summary>For a body that its own checksum protects: the signature does not cover it.</summary>
    public const string UnsignedPayload = "UNSIGNED-PAYLOAD";

    /// <summary>Adds date, token and signature.</summary>
    /// <param name="request">A request whose query is escaped and sorted. All headers that it has are signed.</param>
    /// <param name="contentSha256">Lower-case hexadecimal, or <see cref="UnsignedPayload"/>.</param>
    public async Task SignAsync(HttpRequestMessage request, string contentSha256)
    {
        ImmutableCredentials current = await credentials.GetCredentialsAsync().ConfigureAwait(false);
        DateTime now = time.GetUtcNow().UtcDateTime;
        request.Headers.Add("x-amz-date", now.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture));
        request.Headers.Add("x-amz-content-sha256", contentSha256);
        if (current.UseToken)
        {
            request.Headers.Add("x-amz-security-token", current.Token);
        }

        Uri uri = request.RequestUri!;
        List<(string Name, string Value)> headers = [("host", uri.Authority)];
        foreach ((string name, IEnumerable<string> values) in request.Headers)
        {
            headers.Add((name.ToLowerInvariant(), string.Join(',', values)));
        }

        headers.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        string names = string.Join(';', headers.Select(header => header.Name));
        StringBuilder canonical = new();
        canonical.Append(request.Method.Method).Append('\n').Append(uri.AbsolutePath).Append('\n').Append(uri.Query.TrimStart('?')).Append('\n');
        foreach ((string name, string value) in headers)
        {
            canonical.Append(name).Append(':').Append(value).Append('\n');
        }

        canonical.Append('\n').Append(names).Append('\n').Append(contentSha256);
        AWS4SigningResult signed = AWS4Signer.ComputeSignature(current, region, now, Service, names, canonical.ToString());
        request.Headers.TryAddWithoutValidation("Authorization", signed.ForAuthorizationHeader);
    }

    /// <summary>The digest of a small body.</summary>
    public static string Hash(ReadOnlySpan<byte> body) => Convert.ToHexStringLower(SHA256.HashData(body));
}
