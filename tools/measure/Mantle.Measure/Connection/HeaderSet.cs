using System.Globalization;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.Connection;

/// <summary>The headers that decide how an answer is read; each at most once. All others (cookies, locations, caches) mean nothing here.</summary>
internal sealed class HeaderSet
{
    // One exabyte has 19 digits; no body here has more than eight.
    private const int MaximumDigits = 12;

    private readonly Dictionary<string, string> _values = new(StringComparer.OrdinalIgnoreCase);

    public void Add(string name, string value, Func<string, MalformedInputException> malformed)
    {
        if (name.ToUpperInvariant() is "CONTENT-LENGTH" or "TRANSFER-ENCODING" or "CONTENT-ENCODING" or "CONTENT-TYPE" or "CONNECTION" && !_values.TryAdd(name, value))
        {
            throw malformed($"two headers {name}");
        }
    }

    public HttpHead ToHead(int status, Func<string, MalformedInputException> malformed)
    {
        if (_values.TryGetValue("Content-Encoding", out string? encoding) && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            throw malformed("a compressed answer, which was not asked for");
        }

        bool isChunked = _values.TryGetValue("Transfer-Encoding", out string? transfer);
        bool hasLength = _values.TryGetValue("Content-Length", out string? digits);
        if (isChunked == hasLength)
        {
            // Without either, the end of the connection would be the end of the body, which anybody can bring about. 204 and 304 have none and answer nothing that is asked.
            throw malformed(isChunked ? "two lengths, by chunks and by number" : "an answer without a length");
        }

        if (isChunked && !transfer!.Equals("chunked", StringComparison.OrdinalIgnoreCase))
        {
            throw malformed("a transfer encoding other than chunks");
        }

        long length = 0;
        if (hasLength && (digits!.Length is 0 or > MaximumDigits || !long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out length)))
        {
            throw malformed("a length that is no number");
        }

        return new(
            status, _values.GetValueOrDefault("Content-Type", "").Split(';')[0].Trim().ToLowerInvariant(), isChunked ? null : length,
            _values.GetValueOrDefault("Connection", "").Contains("close", StringComparison.OrdinalIgnoreCase));
    }
}
