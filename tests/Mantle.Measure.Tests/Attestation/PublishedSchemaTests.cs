using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mantle.Measure.Attestation;
using Mantle.Measure.Checking;

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
        Assert.Equal(members, value.Select(member => member.Key));
        PublishedSchema.AssertDescribed(schemaName, value);
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
}
