using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Mantle.Service.Responses;

/// <summary>Server-sent events (WHATWG HTML, "Server-sent events"), each with its name and one line of JSON; numbered from 0.</summary>
internal sealed class EventStream(HttpContext context, ResponseState state) : IDisposable
{
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _json = new(Stream.Null);
    private int _number;

    /// <inheritdoc/>
    public void Dispose() => _json.Dispose();

    /// <summary>Sends the status line and the headers.</summary>
    public Task StartAsync()
    {
        context.Response.StatusCode = StatusCodes.Status200OK;
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        Answer.SetHeaders(context.Response);
        return context.Response.StartAsync(context.RequestAborted);
    }

    /// <summary>An event that carries the response as it is now.</summary>
    public Task SendResponseAsync(string name) => SendAsync(name, json =>
    {
        json.WritePropertyName("response");
        ResponseWriter.Write(json, state);
    });

    /// <summary>An event that carries the message as it is now.</summary>
    public Task SendItemAsync(string name) => SendAsync(name, json =>
    {
        json.WriteNumber("output_index", 0);
        json.WritePropertyName("item");
        ResponseWriter.WriteItem(json, state);
    });

    /// <summary>An event that carries the text as a part.</summary>
    public Task SendPartAsync(string name, string text) => SendAsync(name, json =>
    {
        WritePlace(json);
        json.WritePropertyName("part");
        ResponseWriter.WritePart(json, text);
    });

    /// <summary>An event that carries text under a name: <c>delta</c> or <c>text</c>.</summary>
    public Task SendTextAsync(string name, string member, string text) => SendAsync(name, json =>
    {
        WritePlace(json);
        json.WriteString(member, text);
        json.WriteStartArray("logprobs");
        json.WriteEndArray();
    });

    private void WritePlace(Utf8JsonWriter json)
    {
        json.WriteString("item_id", state.MessageId);
        json.WriteNumber("output_index", 0);
        json.WriteNumber("content_index", 0);
    }

    private async Task SendAsync(string name, Action<Utf8JsonWriter> members)
    {
        _buffer.ResetWrittenCount();
        _buffer.Write(Encoding.ASCII.GetBytes($"event: {name}\ndata: "));
        _json.Reset(_buffer);
        _json.WriteStartObject();
        _json.WriteString("type", name);
        _json.WriteNumber("sequence_number", _number++);
        members(_json);
        _json.WriteEndObject();
        _json.Flush();
        _buffer.Write("\n\n"u8);
        await context.Response.Body.WriteAsync(_buffer.WrittenMemory, context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
