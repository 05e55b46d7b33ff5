using System.Text.Json;

namespace Mantle.Service.Responses;

/// <summary>Members of the API that this service has no use for: accepted where they ask for what it does anyway, which clients' libraries like to spell out.</summary>
internal static class Neutral
{
    /// <summary>Returns if the member changes nothing.</summary>
    /// <exception cref="ApiException">It would, or the API has no such member.</exception>
    public static void Check(string name, JsonElement value)
    {
        bool? isNeutral = name switch
        {
            "store" or "parallel_tool_calls" => value.ValueKind is JsonValueKind.True or JsonValueKind.False, // nothing is ever stored, there are no tools
            "background" => value.ValueKind == JsonValueKind.False,
            "tools" or "include" => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0,
            "tool_choice" => value.ValueKind == JsonValueKind.String && value.GetString() is "auto" or "none",
            "service_tier" => value.ValueKind == JsonValueKind.String && value.GetString() is "auto" or "default",
            "text" => IsPlainText(value),
            "metadata" => value.ValueKind == JsonValueKind.Object && !value.EnumerateObject().MoveNext(),
            "user" or "safety_identifier" or "prompt_cache_key" => value.ValueKind == JsonValueKind.String,
            "top_logprobs" => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number == 0,
            "previous_response_id" or "conversation" or "prompt" or "reasoning" or "max_tool_calls" or "stream_options" or "prompt_cache_retention" => false,
            _ => null,
        };
        if (isNeutral is not true)
        {
            throw isNeutral is null
                ? new ApiException(400, "the API has no such parameter", Printable(name), "unknown_parameter")
                : new ApiException(400, $"this service cannot do what \"{name}\" asks for", name, "unsupported_parameter");
        }
    }

    private static bool IsPlainText(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object
        && value.EnumerateObject().All(member => member.Name == "format" && member.Value.ValueKind == JsonValueKind.Object
            && member.Value.EnumerateObject().All(inner => inner.Name == "type" && inner.Value.ValueKind == JsonValueKind.String && inner.Value.GetString() == "text"));

    /// <summary>A name as the error may carry it back.</summary>
    private static string? Printable(string name) => name.Length <= 64 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_') ? name : null;
}
