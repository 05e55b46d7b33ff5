using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;

namespace Mantle.Service;

/// <summary>The two resources of the service. Routing is one switch: two paths need no router.</summary>
internal sealed class Endpoints(ServiceOptions options, RateLimiter limiter) : IDisposable
{
    private static readonly byte[] s_healthy = JsonSerializer.SerializeToUtf8Bytes(new Health("ok"), AnswerContext.Default.Health);

    // A TPM does one command at a time: a queue here instead of threads waiting in the kernel.
    private readonly SemaphoreSlim tpm = new(1);

    /// <inheritdoc/>
    public void Dispose() => tpm.Dispose();

    /// <summary>Answers one request.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        using RateLimitLease lease = limiter.AttemptAcquire();
        if (!lease.IsAcquired)
        {
            context.Response.Headers.RetryAfter = "1";
            await RefuseAsync(context, StatusCodes.Status429TooManyRequests, "too many requests");
            return;
        }

        string? path = context.Request.Path.Value;
        if (path is not ("/healthz" or "/v1/measurements"))
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, "no such resource");
        }
        else if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            await RefuseAsync(context, StatusCodes.Status405MethodNotAllowed, "only GET and HEAD are answered");
        }
        else if (path == "/healthz")
        {
            await WriteAsync(context, StatusCodes.Status200OK, s_healthy);
        }
        else
        {
            await AnswerMeasurementsAsync(context);
        }
    }

    private async Task AnswerMeasurementsAsync(HttpContext context)
    {
        OrderedDictionary<string, OrderedDictionary<string, string>> banks;
        bool read;
        await tpm.WaitAsync(context.RequestAborted);
        try
        {
            read = PcrBanks.TryRead(options.TpmFolder, out banks);
        }
        finally
        {
            tpm.Release();
        }

        await (read
            ? WriteAsync(context, StatusCodes.Status200OK, new Measurements(1, banks), AnswerContext.Default.Measurements)
            : RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "the TPM cannot be read"));
    }

    private static Task RefuseAsync(HttpContext context, int status, string error) =>
        WriteAsync(context, status, new Refusal(error), AnswerContext.Default.Refusal);

    private static Task WriteAsync<T>(HttpContext context, int status, T answer, JsonTypeInfo<T> type) =>
        WriteAsync(context, status, JsonSerializer.SerializeToUtf8Bytes(answer, type));

    private static Task WriteAsync(HttpContext context, int status, byte[] json)
    {
        HttpResponse response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/json";
        response.ContentLength = json.Length;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(json, context.RequestAborted).AsTask();
    }
}
