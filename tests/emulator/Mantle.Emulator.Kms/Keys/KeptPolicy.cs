using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mantle.Emulator.Kms.Keys;

/// <summary>
/// How KMS gives a policy back: not the text that was put. Lists of one become a text, lists lose their order, <c>"*"</c> becomes an object, an account's number its
/// root's ARN, and the white space is KMS's own.
/// </summary>
internal static class KeptPolicy
{
    private static readonly JsonSerializerOptions s_options = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(string text)
    {
        JsonObject policy = JsonNode.Parse(text)!.AsObject();
        JsonObject kept = [];
        // Version first, as KMS writes it, whatever stood first.
        foreach (string name in new[] { "Version", "Id", "Statement" })
        {
            if (policy.TryGetPropertyValue(name, out JsonNode? value))
            {
                kept[name] = name == "Statement" ? Statements(value!) : value?.DeepClone();
            }
        }

        return kept.ToJsonString(s_options);
    }

    private static JsonArray Statements(JsonNode node) => [.. (node is JsonArray all ? all.ToArray() : [node]).Select(item => Statement(item!.AsObject()))];

    private static JsonObject Statement(JsonObject statement)
    {
        JsonObject kept = [];
        foreach ((string name, JsonNode? value) in statement)
        {
            kept[name] = name switch
            {
                "Principal" or "NotPrincipal" => Principals(value!),
                "Condition" => new JsonObject(value!.AsObject().Select(condition => KeyValuePair.Create(
                    condition.Key, (JsonNode?)new JsonObject(condition.Value!.AsObject().Select(key => KeyValuePair.Create(key.Key, Values(key.Value!, shuffled: false))))))),
                _ => Values(value!, shuffled: true),
            };
        }

        return kept;
    }

    private static JsonNode? Principals(JsonNode node) => node is JsonValue
        ? new JsonObject { ["AWS"] = "*" }
        : new JsonObject(node.AsObject().Select(kind => KeyValuePair.Create(kind.Key, Values(kind.Value!, shuffled: true, isPrincipal: kind.Key == "AWS"))));

    private static JsonNode? Values(JsonNode node, bool shuffled, bool isPrincipal = false)
    {
        IEnumerable<JsonNode> values = node is JsonArray all ? all.Select(item => item!.DeepClone()) : [node.DeepClone()];
        if (isPrincipal)
        {
            values = values.Select(value => value.ToString() is { Length: 12 } account && account.All(char.IsAsciiDigit) ? JsonValue.Create($"arn:aws:iam::{account}:root") : value);
        }

        JsonNode[] kept = [.. shuffled ? values.OrderBy(value => Reversed(value.ToString()), StringComparer.Ordinal) : values];
        return kept.Length == 1 ? kept[0] : new JsonArray(kept);
    }

    /// <summary>An order that nobody writes by hand.</summary>
    private static string Reversed(string text) => string.Concat(text.Reverse());
}
