using System.Text.Json;

namespace Mantle.Service.Responses;

/// <summary>Reads member <c>input</c>: a text, or messages of text.</summary>
internal static class InputReader
{
    private const string Member = "input";

    /// <summary>The texts in order, at least one, none empty.</summary>
    /// <exception cref="ApiException">It is neither.</exception>
    public static IReadOnlyList<string> Read(JsonElement input)
    {
        List<string> texts = [];
        if (input.ValueKind == JsonValueKind.String)
        {
            texts.Add(input.GetString()!);
        }
        else if (input.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in input.EnumerateArray())
            {
                texts.Add(ReadMessage(item));
            }
        }
        else
        {
            throw RequestReader.Wrong(Member, "is a text or a list of messages");
        }

        return texts.Count > 0 && texts.TrueForAll(text => !string.IsNullOrWhiteSpace(text)) ? texts : throw RequestReader.Wrong(Member, "is empty, or a message in it");
    }

    private static string ReadMessage(JsonElement item)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            throw RequestReader.Wrong(Member, "has an item that is no object");
        }

        string? role = null;
        string? text = null;
        foreach (JsonProperty member in item.EnumerateObject())
        {
            switch (member.Name)
            {
                case "role":
                    role = RequestReader.Text(member.Value, Member);
                    break;
                case "content":
                    text = ReadContent(member.Value);
                    break;
                case "type" when member.Value.ValueKind == JsonValueKind.String && member.Value.GetString() == "message":
                case "id" or "status" or "phase": // of an earlier answer that is sent back
                    break;
                default:
                    throw RequestReader.Wrong(Member, "has an item that is no message of text");
            }
        }

        return role is "user" or "assistant" or "system" or "developer" && text is not null
            ? text
            : throw RequestReader.Wrong(Member, "has a message without content or with a role that is none of user, assistant, system and developer");
    }

    private static string ReadContent(JsonElement content)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            return content.GetString()!;
        }

        if (content.ValueKind != JsonValueKind.Array)
        {
            throw RequestReader.Wrong(Member, "has content that is neither a text nor a list of parts");
        }

        List<string> parts = [];
        foreach (JsonElement part in content.EnumerateArray())
        {
            bool isText = part.ValueKind == JsonValueKind.Object
                && part.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String && type.GetString() is "input_text" or "output_text"
                && part.EnumerateObject().All(member => member.Name is "type" or "text" or "annotations" or "logprobs");
            parts.Add(isText && part.TryGetProperty("text", out JsonElement text)
                ? RequestReader.Text(text, Member)
                : throw RequestReader.Wrong(Member, "has a part that is no text"));
        }

        return string.Join(' ', parts);
    }
}
