using System.Text;
using System.Text.Json;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.Connection;

/// <summary>Reads the objects of the Responses API, as much of them as is shown.</summary>
public static class AnswerReader
{
    private const string Format = "response";
    private const int MaximumName = 128;
    private const int MaximumMessage = 300;

    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 32 };

    /// <summary>The text of a response object: all parts of type <c>output_text</c>.</summary>
    /// <exception cref="MalformedInputException">It is none.</exception>
    public static string ReadResponse(ReadOnlyMemory<byte> json) => Read(json, root =>
    {
        if (root.GetProperty("object").GetString() != "response" || root.GetProperty("status").GetString() is not ("completed" or "incomplete"))
        {
            throw new MalformedInputException(Format, 0, "no response that is done");
        }

        StringBuilder text = new();
        foreach (JsonElement item in root.GetProperty("output").EnumerateArray())
        {
            if (item.GetProperty("type").GetString() != "message")
            {
                continue;
            }

            foreach (JsonElement part in item.GetProperty("content").EnumerateArray())
            {
                text.Append(part.GetProperty("type").GetString() == "output_text" ? part.GetProperty("text").GetString() : "");
            }
        }

        return text.ToString();
    });

    /// <summary>The name of the first model in a list, or null for an empty one.</summary>
    /// <exception cref="MalformedInputException">It is no list of models.</exception>
    public static string? ReadFirstModel(ReadOnlyMemory<byte> json) => Read(json, root =>
    {
        foreach (JsonElement model in root.GetProperty("data").EnumerateArray())
        {
            return model.GetProperty("id").GetString() is { Length: > 0 and <= MaximumName } name ? name : throw new MalformedInputException(Format, 0, "a model without a name");
        }

        return null;
    });

    /// <summary>The message of an error object with a colon before it; empty for anything else, for the status says enough.</summary>
    public static string ReadError(ReadOnlyMemory<byte> json)
    {
        try
        {
            string? message = Read(json, root => root.GetProperty("error") is { ValueKind: JsonValueKind.Object } error ? error.GetProperty("message").GetString() : null);
            return message is null ? "" : ": " + PrintedText.Escape(message.Length > MaximumMessage ? message[..MaximumMessage] : message);
        }
        catch (MalformedInputException)
        {
            return "";
        }
    }

    /// <summary>One event of a stream.</summary>
    /// <returns>Its type, and its text if it is a delta or the reason if it ends the stream with an error.</returns>
    /// <exception cref="MalformedInputException">It is none.</exception>
    internal static (string Type, string? Text) ReadEvent(ReadOnlyMemory<byte> json) => Read(json, root =>
    {
        string type = root.GetProperty("type").GetString() ?? "";
        string? text = type switch
        {
            "response.output_text.delta" => root.GetProperty("delta").GetString() ?? throw new MalformedInputException(Format, 0, "a delta without text"),
            _ => null,
        };
        return (type, text);
    });

    private static T Read<T>(ReadOnlyMemory<byte> json, Func<JsonElement, T> read)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, s_options);
            return read(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new MalformedInputException(Format, 0, "not an object of the Responses API");
        }
    }
}
