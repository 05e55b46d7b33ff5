using System.Text.Json.Nodes;
using Mantle.Testing;

namespace Mantle.Measure.Tests;

/// <summary>The schemas of docs/schemas, as far as they use JSON Schema.</summary>
public static class PublishedSchema
{
    /// <summary>Holds a document against a published schema: no member that is not described, none missing that has to be there, and the values as described.</summary>
    /// <param name="schemaName">The file.</param>
    /// <param name="value">The document.</param>
    /// <param name="isWhole">Whether it is what a command prints, and not only the part that one writer writes.</param>
    public static void AssertDescribed(string schemaName, JsonObject value, bool isWhole = false)
    {
        JsonObject schema = JsonNode.Parse(File.ReadAllText(Repository.PathOf("docs", "schemas", schemaName)))!.AsObject();
        if (isWhole)
        {
            Assert.All(schema["required"]!.AsArray(), name => Assert.True(value.ContainsKey((string)name!), $"{schemaName}: {name} is missing"));
        }

        AssertDescribed(value, schema, schema, "$");
    }

    private static void AssertDescribed(JsonNode? value, JsonObject schema, JsonObject root, string place)
    {
        if (schema["$ref"] is { } reference)
        {
            schema = root["$defs"]![((string)reference!)["#/$defs/".Length..]]!.AsObject();
        }

        if (schema["const"] is { } constant)
        {
            Assert.True(JsonNode.DeepEquals(constant, value), $"{place}: {value}, not {constant}");
        }

        if (schema["enum"] is JsonArray allowed)
        {
            Assert.True(allowed.Any(one => JsonNode.DeepEquals(one, value)), $"{place}: {value}");
            return;
        }

        if (schema["pattern"] is { } pattern)
        {
            Assert.Matches((string)pattern!, (string)value!);
        }

        switch (value)
        {
            case JsonObject members:
                foreach ((string name, JsonNode? member) in members)
                {
                    JsonNode? described = schema["properties"]?[name] ?? (schema["additionalProperties"] as JsonObject);
                    Assert.True(described is not null, $"{place}.{name} is not in the schema");
                    AssertDescribed(member, described!.AsObject(), root, $"{place}.{name}");
                }

                if (place != "$" && schema["required"] is JsonArray required)
                {
                    Assert.All(required, name => Assert.True(members.ContainsKey((string)name!), $"{place} lacks {name}"));
                }

                break;
            case JsonArray items:
                Assert.All(items, item => AssertDescribed(item, schema["items"]!.AsObject(), root, $"{place}[]"));
                break;
            case null:
                Assert.Contains("null", schema["type"]!.ToJsonString(), StringComparison.Ordinal);
                break;
            default:
                break;
        }
    }
}
