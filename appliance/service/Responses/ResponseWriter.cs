using System.Text.Json;

namespace Mantle.Service.Responses;

/// <summary>The API's objects in JSON.</summary>
internal static class ResponseWriter
{
    /// <summary>The response object; its output is empty until it is whole.</summary>
    public static void Write(Utf8JsonWriter json, ResponseState state)
    {
        ResponseRequest request = state.Request;
        json.WriteStartObject();
        json.WriteString("id", state.Id);
        json.WriteString("object", "response");
        json.WriteNumber("created_at", state.CreatedAt);
        json.WriteString("status", state.Status);
        json.WriteBoolean("background", false);
        json.WriteNull("error");
        if (state.Status == "incomplete")
        {
            json.WriteStartObject("incomplete_details");
            json.WriteString("reason", "max_output_tokens");
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("incomplete_details");
        }

        json.WriteString("instructions", request.Instructions);
        WriteNumber(json, "max_output_tokens", request.MaximumOutputTokens);
        json.WriteString("model", request.Model);
        json.WriteStartArray("output");
        if (state.Text is not null)
        {
            WriteItem(json, state);
        }

        json.WriteEndArray();
        json.WriteBoolean("parallel_tool_calls", true);
        json.WriteNull("previous_response_id");
        json.WriteBoolean("store", false);
        json.WriteNumber("temperature", request.Temperature);
        json.WriteStartObject("text");
        json.WriteStartObject("format");
        json.WriteString("type", "text");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteString("tool_choice", "auto");
        json.WriteStartArray("tools");
        json.WriteEndArray();
        json.WriteNumber("top_p", request.TopP);
        json.WriteString("truncation", request.MayTruncate ? "auto" : "disabled");
        WriteUsage(json, state);
        json.WriteNull("user");
        json.WriteStartObject("metadata");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>The message that is the output.</summary>
    public static void WriteItem(Utf8JsonWriter json, ResponseState state)
    {
        json.WriteStartObject();
        json.WriteString("id", state.MessageId);
        json.WriteString("type", "message");
        json.WriteString("status", state.Status);
        json.WriteString("role", "assistant");
        json.WriteStartArray("content");
        if (state.Text is { } text)
        {
            WritePart(json, text);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The message's text.</summary>
    public static void WritePart(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("type", "output_text");
        json.WriteString("text", text);
        json.WriteStartArray("annotations");
        json.WriteEndArray();
        json.WriteStartArray("logprobs");
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>An error of the API.</summary>
    public static void WriteError(Utf8JsonWriter json, ApiException error)
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("message", error.Message);
        json.WriteString("type", error.Kind);
        json.WriteString("param", error.Parameter);
        json.WriteString("code", error.Code);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>The list of models: the one there is, or none.</summary>
    public static void WriteModels(Utf8JsonWriter json, string? name, long createdAt)
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        if (name is not null)
        {
            json.WriteStartObject();
            json.WriteString("id", name);
            json.WriteString("object", "model");
            json.WriteNumber("created", createdAt);
            json.WriteString("owned_by", "appliance");
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteUsage(Utf8JsonWriter json, ResponseState state)
    {
        if (state.Text is null)
        {
            json.WriteNull("usage");
            return;
        }

        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", state.InputTokens);
        json.WriteStartObject("input_tokens_details");
        json.WriteNumber("cached_tokens", 0);
        json.WriteEndObject();
        json.WriteNumber("output_tokens", state.OutputTokens);
        json.WriteStartObject("output_tokens_details");
        json.WriteNumber("reasoning_tokens", 0);
        json.WriteEndObject();
        json.WriteNumber("total_tokens", state.InputTokens + state.OutputTokens);
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, int? number)
    {
        if (number is { } value)
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
