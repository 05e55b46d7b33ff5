using System.Text.Json;

namespace Mantle.Service.Responses;

/// <summary>
/// Reads the body of a request. What this service cannot do (tools, stored conversations, images) is refused by name rather than ignored: an answer never means less
/// than was asked for.
/// </summary>
internal static class RequestReader
{
    // One string member of a request in full nests six deep: input, item, content, part, text.
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    /// <summary>Reads it.</summary>
    /// <exception cref="ApiException">It is none, or one that cannot be met.</exception>
    public static ResponseRequest Read(ReadOnlyMemory<byte> body)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body, s_options);
        }
        catch (JsonException)
        {
            throw new ApiException(400, "the body is not JSON, nests too deep or has a member twice");
        }
        catch (InvalidOperationException)
        {
            // Half a character in a member's name, which the search for members that are there twice meets.
            throw NotUnicode();
        }

        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ApiException(400, "the body is not an object");
            }

            try
            {
                return ReadMembers(document.RootElement);
            }
            catch (InvalidOperationException)
            {
                throw NotUnicode();
            }
        }
    }

    private static ResponseRequest ReadMembers(JsonElement root)
    {
        string? model = null;
        IReadOnlyList<string>? texts = null;
        ResponseRequest request = new() { Model = "", Texts = [] };
        foreach (JsonProperty member in root.EnumerateObject())
        {
            JsonElement value = member.Value;
            bool isNull = value.ValueKind == JsonValueKind.Null;
            switch (member.Name)
            {
                case "model":
                    model = Text(value, "model");
                    break;
                case "input":
                    texts = InputReader.Read(value);
                    break;
                case "instructions":
                    request = request with { Instructions = isNull ? null : Text(value, "instructions") };
                    break;
                case "max_output_tokens" when !isNull:
                    request = request with { MaximumOutputTokens = Whole(value, "max_output_tokens", ResponseRequest.MaximumOutput) };
                    break;
                case "temperature" when !isNull:
                    request = request with { Temperature = Number(value, "temperature", 2) };
                    break;
                case "top_p" when !isNull:
                    request = request with { TopP = Number(value, "top_p", 1) };
                    break;
                case "stream":
                    request = request with { IsStream = !isNull && Boolean(value, "stream") };
                    break;
                case "truncation" when !isNull:
                    request = request with { MayTruncate = Text(value, "truncation") is var word && (word == "auto" || (word == "disabled" ? false : throw Wrong("truncation", "is \"auto\" or \"disabled\""))) };
                    break;
                default:
                    if (!isNull)
                    {
                        Neutral.Check(member.Name, value);
                    }

                    break;
            }
        }

        return request with
        {
            Model = model ?? throw new ApiException(400, "\"model\" is missing", "model", "missing_required_parameter"),
            Texts = texts ?? throw new ApiException(400, "\"input\" is missing", "input", "missing_required_parameter"),
        };
    }

    /// <summary>Half a character: an escape allows it, as UTF-16 does, and UTF-8 does not.</summary>
    private static ApiException NotUnicode() => new(400, "a text is not Unicode");

    internal static ApiException Wrong(string parameter, string rule) => new(400, $"\"{parameter}\" {rule}", parameter, "invalid_value");

    internal static string Text(JsonElement value, string parameter) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(parameter, "is a text");

    private static bool Boolean(JsonElement value, string parameter) =>
        value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(parameter, "is true or false");

    private static int Whole(JsonElement value, string parameter, int maximum) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= 1 && number <= maximum
            ? number
            : throw Wrong(parameter, $"is a whole number from 1 to {maximum}");

    private static double Number(JsonElement value, string parameter, int maximum) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number >= 0 && number <= maximum
            ? number
            : throw Wrong(parameter, $"is a number from 0 to {maximum}");
}
