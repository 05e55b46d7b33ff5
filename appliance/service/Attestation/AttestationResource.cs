using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Mantle.Service.Attestation;

/// <summary><c>GET /.well-known/attestation?nonce=HEX</c>: the attestation document, as it is, for the key of the connection that asks.</summary>
internal sealed class AttestationResource(AttestationBroker? broker) : IDisposable
{
    public const string Path = "/.well-known/attestation";

    private const string MediaType = "application/cose; cose-type=\"cose-sign1\"";
    private const string QueryStart = "?nonce=";
    private static readonly SearchValues<char> s_hexadecimal = SearchValues.Create("0123456789abcdefABCDEF");

    // The broker hands out five a second: more waiting than that is somebody who wants others to wait.
    private readonly SemaphoreSlim _places = new(4);

    /// <inheritdoc/>
    public void Dispose() => _places.Dispose();

    /// <summary>Answers one request.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        if (ReadNonce(context.Request.QueryString.Value) is not { } nonce)
        {
            await Answer.RefuseAsync(context, StatusCodes.Status400BadRequest, "ask with ?nonce=HEX, 1 to 64 bytes in hexadecimal, and nothing else");
            return;
        }

        if (broker is null)
        {
            await Answer.RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "this appliance has no attestation");
            return;
        }

        (BrokerStatus status, byte[] document) = (BrokerStatus.RateLimited, Array.Empty<byte>());
        if (await _places.WaitAsync(0, context.RequestAborted))
        {
            try
            {
                (status, document) = await broker.AskAsync(nonce, context.RequestAborted);
            }
            finally
            {
                _places.Release();
            }
        }

        switch (status)
        {
            case BrokerStatus.Ok:
                await Answer.WriteAsync(context, StatusCodes.Status200OK, document, MediaType);
                break;
            case BrokerStatus.RateLimited:
                context.Response.Headers.RetryAfter = "1";
                await Answer.RefuseAsync(context, StatusCodes.Status429TooManyRequests, "too many requests");
                break;
            default:
                await Answer.RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "the TPM gives no document");
                break;
        }
    }

    /// <summary>The nonce of a query, or null for any other query.</summary>
    internal static byte[]? ReadNonce(string? query)
    {
        if (query is null || !query.StartsWith(QueryStart, StringComparison.Ordinal))
        {
            return null;
        }

        ReadOnlySpan<char> digits = query.AsSpan(QueryStart.Length);
        return digits.Length is > 0 and <= 2 * BrokerMessages.MaximumNonce && digits.Length % 2 == 0 && !digits.ContainsAnyExcept(s_hexadecimal)
            ? Convert.FromHexString(digits)
            : null;
    }
}
