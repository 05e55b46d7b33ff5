using System.Text;
using System.Threading.RateLimiting;
using Mantle.Service.Attestation;
using Mantle.Service.Responses;
using Microsoft.AspNetCore.Http;

namespace Mantle.Service.Tests;

public class RateTests
{
    [Fact]
    public void The_limiter_runs_dry_when_asked_without_a_pause()
    {
        using TokenBucketRateLimiter limiter = Listener.CreateRateLimiter();
        int granted = 0;
        while (granted < 1_000_000)
        {
            using RateLimitLease lease = limiter.AttemptAcquire();
            if (!lease.IsAcquired)
            {
                break;
            }

            granted++;
        }

        Assert.InRange(granted, 200, 999_999);
    }

    [Fact]
    public async Task A_request_beyond_the_rate_is_turned_away_and_the_next_period_answers_again()
    {
        Assert.True(ServiceOptions.TryParse([], out ServiceOptions options));
        using TokenBucketRateLimiter limiter = new(new TokenBucketRateLimiterOptions
        {
            TokenLimit = 1,
            TokensPerPeriod = 1,
            ReplenishmentPeriod = TimeSpan.FromMilliseconds(1),
            AutoReplenishment = false,
        });
        using AttestationResource attestation = new(null);
        using Places places = new(1, 0);
        using Endpoints endpoints = new(options, limiter, attestation, new ResponsesResource(null, places, TimeProvider.System));
        Assert.Equal((200, "", """{"status":"ok"}"""), await AskAsync(endpoints));
        Assert.Equal((429, "1", """{"error":"too many requests"}"""), await AskAsync(endpoints));
        while (!limiter.TryReplenish() || limiter.GetStatistics()!.CurrentAvailablePermits == 0)
        {
            await Task.Delay(1);
        }

        Assert.Equal(200, (await AskAsync(endpoints)).Status);
    }

    private static async Task<(int Status, string RetryAfter, string Body)> AskAsync(Endpoints endpoints)
    {
        using MemoryStream body = new();
        DefaultHttpContext context = new();
        context.Request.Method = "GET";
        context.Request.Path = "/healthz";
        context.Response.Body = body;
        await endpoints.AnswerAsync(context);
        return (context.Response.StatusCode, context.Response.Headers.RetryAfter.ToString(), Encoding.UTF8.GetString(body.ToArray()));
    }
}
