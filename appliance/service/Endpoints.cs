using System.Text.Json;
using System.Threading.RateLimiting;
using Mantle.Service.Attestation;
using Mantle.Service.Responses;
using Microsoft.AspNetCore.Http;

namespace Mantle.Service;

/// <summary>The resources of the service. Routing is one switch: five paths need no router.</summary>
internal sealed class Endpoints(ServiceOptions options, RateLimiter limiter, AttestationResource attestation, ResponsesResource responses) : IDisposable
{
    private const string HealthPath = "/healthz";
    private const string MeasurementsPath = "/v1/measurements";
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
            await Answer.RefuseAsync(context, StatusCodes.Status429TooManyRequests, "too many requests");
            return;
        }

        string? path = context.Request.Path.Value;
        bool isPost = path == ResponsesResource.Path;
        if (path is not (HealthPath or MeasurementsPath or AttestationResource.Path or ResponsesResource.Path or ResponsesResource.ModelsPath))
        {
            await Answer.RefuseAsync(context, StatusCodes.Status404NotFound, "no such resource");
        }
        else if (isPost ? !HttpMethods.IsPost(context.Request.Method) : !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.Headers.Allow = isPost ? "POST" : "GET, HEAD";
            await Answer.RefuseAsync(context, StatusCodes.Status405MethodNotAllowed, isPost ? "only POST is answered" : "only GET and HEAD are answered");
        }
        else
        {
            await (path switch
            {
                HealthPath => Answer.WriteAsync(context, StatusCodes.Status200OK, s_healthy),
                MeasurementsPath => AnswerMeasurementsAsync(context),
                AttestationResource.Path => attestation.AnswerAsync(context),
                ResponsesResource.ModelsPath => responses.AnswerModelsAsync(context),
                _ => responses.AnswerAsync(context),
            });
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
            ? Answer.WriteAsync(context, StatusCodes.Status200OK, new Measurements(1, banks), AnswerContext.Default.Measurements)
            : Answer.RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "the TPM cannot be read"));
    }
}
