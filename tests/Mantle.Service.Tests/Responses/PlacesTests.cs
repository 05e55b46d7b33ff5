using System.Text;
using Mantle.Service.Responses;
using Mantle.Service.Tests.Training;
using Microsoft.AspNetCore.Http;

namespace Mantle.Service.Tests.Responses;

public class PlacesTests
{
    [Fact]
    public async Task Who_finds_no_place_to_wait_in_is_turned_away_and_a_place_that_is_left_is_taken()
    {
        using Places places = new(1, 1);
        IDisposable? first = await places.TakeAsync(CancellationToken.None);
        Task<IDisposable?> second = places.TakeAsync(CancellationToken.None);
        Assert.False(second.IsCompleted);
        Assert.Null(await places.TakeAsync(CancellationToken.None));
        first!.Dispose();
        first.Dispose();
        (await second)!.Dispose();
        Assert.NotNull(await places.TakeAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Who_leaves_the_queue_leaves_no_gap()
    {
        using Places places = new(1, 1);
        using CancellationTokenSource gone = new();
        IDisposable? first = await places.TakeAsync(CancellationToken.None);
        Task<IDisposable?> second = places.TakeAsync(gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await second);
        Task<IDisposable?> third = places.TakeAsync(CancellationToken.None);
        first!.Dispose();
        Assert.NotNull(await third);
    }

    [Fact]
    public async Task A_full_house_is_a_429_and_a_client_that_goes_makes_room()
    {
        using Places places = new(1, 0);
        ResponsesResource resource = new(TinyModel.Untrained, places, TimeProvider.System);
        using CancellationTokenSource gone = new();
        using ClosingBody body = new(gone);
        DefaultHttpContext leaving = Ask(body, gone.Token);
        Task answer = resource.AnswerAsync(leaving);

        using MemoryStream other = new();
        DefaultHttpContext turnedAway = Ask(other, CancellationToken.None);
        body.OnDelta = () => resource.AnswerAsync(turnedAway).GetAwaiter().GetResult();
        await answer;
        Assert.Equal((429, "1"), (turnedAway.Response.StatusCode, turnedAway.Response.Headers.RetryAfter.ToString()));
        Assert.Contains("rate_limit_exceeded", Encoding.UTF8.GetString(other.ToArray()), StringComparison.Ordinal);
        Assert.InRange(body.Deltas, 1, 3);
        Assert.NotNull(await places.TakeAsync(CancellationToken.None));
    }

    private static DefaultHttpContext Ask(Stream answer, CancellationToken gone)
    {
        DefaultHttpContext context = new() { RequestAborted = gone };
        context.Request.Method = "POST";
        context.Request.ContentType = "application/json; charset=utf-8";
        context.Request.Body = new MemoryStream(TinyModel.Utf8("""{"model":"tiny-1","input":"The mill","max_output_tokens":1000,"stream":true}"""));
        context.Response.Body = answer;
        return context;
    }

    /// <summary>A client that reads the first delta and goes.</summary>
    private sealed class ClosingBody(CancellationTokenSource gone) : MemoryStream
    {
        public int Deltas { get; private set; }

        public Action? OnDelta { get; set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (buffer.Span.StartsWith("event: response.output_text.delta"u8))
            {
                Deltas++;
                OnDelta?.Invoke();
                gone.Cancel();
            }

            return ValueTask.CompletedTask;
        }
    }
}
