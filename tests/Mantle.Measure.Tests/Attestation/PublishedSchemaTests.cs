using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mantle.Measure.Attestation;
using Mantle.Measure.Checking;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Attestation;

public class PublishedSchemaTests
{
    [Fact]
    public void Every_member_of_a_verdict_is_in_the_published_schema()
    {
        AttestationResult result = TestDocument.Verify(TestDocument.Sign(TestDocument.Content(TestDocument.Pki) with { UserData = null }), TestDocument.Policy(TestDocument.Pki));
        AssertDescribed("attestation.schema.json", Json(json => AttestationJson.Write(result, json)), ["verdict", "notes", "checks", "root", "document"]);
        AssertDescribed("verification.schema.json", Json(json => CheckJson.Write(result.Report, json)), ["verdict", "notes", "checks"]);
    }

    internal static void AssertDescribed(string schemaName, JsonObject value, string[] members)
    {
        JsonObject schema = JsonNode.Parse(File.ReadAllText(Repository.PathOf("docs", "schemas", schemaName)))!.AsObject();
        Assert.Equal(members, value.Select(member => member.Key));
        AssertDescribed(value, schema, schema, "$");
    }

    internal static JsonObject Json(Action<Utf8JsonWriter> write)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return JsonNode.Parse(Encoding.UTF8.GetString(stream.ToArray()))!.AsObject();
    }

    private static void AssertDescribed(JsonNode? value, JsonObject schema, JsonObject root, string place)
    {
        if (schema["$ref"] is { } reference)
        {
            schema = root["$defs"]![((string)reference!)["#/$defs/".Length..]]!.AsObject();
        }

        if (schema["enum"] is JsonArray allowed)
        {
            Assert.True(allowed.Select(one => (string)one!).Contains((string)value!), $"{place}: {value}");
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
