using System.Buffers;
using System.Text;
using System.Text.Json;
using Mantle.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Mantle.Service.Responses;

/// <summary>
/// <c>POST /v1/responses</c> and <c>GET /v1/models</c> in the shape of the OpenAI API. Nothing of a request or an answer outlives it or is written anywhere but to the
/// client.
/// </summary>
internal sealed class ResponsesResource(LanguageModel? model, Places places, TimeProvider time)
{
    public const string Path = "/v1/responses";
    public const string ModelsPath = "/v1/models";

    /// <summary>Greatest request in bytes. More text than this has more tokens than the model reads.</summary>
    public const int MaximumBody = 64 * 1024;

    private readonly long _startedAt = time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Lists the models.</summary>
    public Task AnswerModelsAsync(HttpContext context) =>
        WriteAsync(context, StatusCodes.Status200OK, json => ResponseWriter.WriteModels(json, model?.Name, _startedAt));

    /// <summary>Answers one request.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        try
        {
            ResponseRequest request = RequestReader.Read(await ReadBodyAsync(context));
            LanguageModel loaded = model ?? throw new ApiException(503, "no model is loaded", code: "model_not_loaded");
            if (request.Model != loaded.Name)
            {
                throw new ApiException(404, $"the only model is \"{loaded.Name}\"", "model", "model_not_found");
            }

            Completion completion = new(request, loaded);
            using IDisposable? place = await places.TakeAsync(context.RequestAborted);
            if (place is null)
            {
                context.Response.Headers.RetryAfter = "1";
                throw new ApiException(429, "too many requests are waiting", code: "rate_limit_exceeded");
            }

            ResponseState state = new(request, time.GetUtcNow().ToUnixTimeSeconds());
            await (request.IsStream ? StreamAsync(context, completion, state) : CompleteAsync(context, completion, state));
        }
        catch (ApiException error)
        {
            await WriteAsync(context, error.Status, json => ResponseWriter.WriteError(json, error));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client is gone, and with it the only one who could be told.
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpContext context)
    {
        // Only this type makes a browser ask before it sends a request for a page of somebody else's.
        if (context.Request.ContentType?.Split(';')[0].Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase) != true)
        {
            throw new ApiException(415, "the body has to be application/json");
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MaximumBody;
        }

        try
        {
            using MemoryStream body = new();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            return body.GetBuffer().AsMemory(0, (int)body.Length);
        }
        catch (BadHttpRequestException exception)
        {
            throw exception.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? new ApiException(413, $"the body is longer than {MaximumBody} bytes")
                : new ApiException(exception.StatusCode, "the body cannot be read");
        }
    }

    private static async Task CompleteAsync(HttpContext context, Completion completion, ResponseState state)
    {
        StringBuilder text = new();
        await completion.ReadInputAsync(context.RequestAborted);
        while (completion.Next() is { } piece)
        {
            text.Append(piece);
            context.RequestAborted.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        state.Finish(completion, text.ToString());
        await WriteAsync(context, StatusCodes.Status200OK, json => ResponseWriter.Write(json, state));
    }

    private static async Task StreamAsync(HttpContext context, Completion completion, ResponseState state)
    {
        StringBuilder text = new();
        using EventStream events = new(context, state);
        await events.StartAsync();
        await events.SendResponseAsync("response.created");
        await events.SendResponseAsync("response.in_progress");
        await completion.ReadInputAsync(context.RequestAborted);
        await events.SendItemAsync("response.output_item.added");
        await events.SendPartAsync("response.content_part.added", "");
        while (completion.Next() is { } piece)
        {
            text.Append(piece);
            context.RequestAborted.ThrowIfCancellationRequested();
            if (piece.Length > 0)
            {
                await events.SendTextAsync("response.output_text.delta", "delta", piece);
            }

            await Task.Yield();
        }

        state.Finish(completion, text.ToString());
        await events.SendTextAsync("response.output_text.done", "text", text.ToString());
        await events.SendPartAsync("response.content_part.done", text.ToString());
        await events.SendItemAsync("response.output_item.done");
        await events.SendResponseAsync("response." + state.Status);
    }

    private static async Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        await using (Utf8JsonWriter json = new(buffer))
        {
            write(json);
        }

        await Answer.WriteAsync(context, status, buffer.WrittenMemory);
    }
}
