using System.Text.Json;
using Mantle.Formats.Tpm;
using Mantle.Measure.Comparison;
using Mantle.Measure.EventLogs;
using Mantle.Measure.Explain;
using Mantle.Measure.Impact;
using Mantle.Measure.Tests.Comparison;
using Mantle.Measure.Tests.EventLogs;
using Mantle.Measure.Tests.Explain;
using Mantle.Measure.Unbound;
using Mantle.Testing;

namespace Mantle.Measure.Tests;

/// <summary>What commands print as JSON is what the published schemas say, member by member.</summary>
public class SchemaTests
{
    [Fact]
    public void Replay()
    {
        LogReplay replay = LogDefectTests.Replay([.. LogBuilder.Sound().Image(2).Bytes, 0, 0, 0, 0, 0, 0, 0, 0]);
        AssertValid("replay", json => ReplayJson.WriteMembers(json, replay.CompareWith(PcrList.From(replay.Values!)), TpmHash.Computable));
    }

    [Fact]
    public void Explain()
    {
        foreach (Mismatch mismatch in MismatchTable.All.Where((_, index) => index % 9 == 0))
        {
            AssertValid("explain", json => ExplanationJson.WriteMembers(json, Explainer.Explain(mismatch.Expected, mismatch.Actual, mismatch.Known, mismatch.Words)));
        }

        Explanation withLog = Explainer.Explain(MismatchTable.Release, ActualValues.FromLog("log", LogDefectTests.Replay(LogBuilder.Sound().Bytes)));
        Assert.NotEmpty(withLog.EventDifferences);
        AssertValid("explain", json => ExplanationJson.WriteMembers(json, withLog));
    }

    [Fact]
    public void Impact() => AssertValid("impact", json => ImpactText.WriteMembers(
        json, ImpactReport.From(ImageComparer.Compare(new TestImage().Disk(), new TestImage { Words = "a" }.Disk())), [4]));

    [Fact]
    public void Unbound() => AssertValid("unbound", json => UnboundText.WriteMembers(json, UnboundFinder.Find([4], secureBoot: false, new TestImage().Disk())));

    [Fact]
    public void Every_cause_has_a_name_of_its_own_that_the_schema_and_the_documentation_know()
    {
        string schema = File.ReadAllText(Repository.PathOf("docs", "schemas", "explain.schema.json"));
        string documentation = File.ReadAllText(Repository.PathOf("docs", "explain.md"));
        Assert.Equal(Explainer.All.Count, Explainer.All.Select(hypothesis => hypothesis.Id).Distinct().Count());
        Assert.All(Explainer.All, hypothesis => Assert.Contains($"\"{hypothesis.Id}\"", schema, StringComparison.Ordinal));
        Assert.All(Explainer.All, hypothesis => Assert.Contains($"`{hypothesis.Id}`", documentation, StringComparison.Ordinal));
    }

    private static void AssertValid(string name, Action<Utf8JsonWriter> members)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            json.WriteNumber("version", 1);
            members(json);
            json.WriteEndObject();
        }

        using JsonDocument schema = JsonDocument.Parse(File.ReadAllBytes(Repository.PathOf("docs", "schemas", $"{name}.schema.json")));
        using JsonDocument document = JsonDocument.Parse(stream.ToArray());
        Check(schema.RootElement, document.RootElement, "$");
    }

    /// <summary>The keywords that these schemas use.</summary>
    private static void Check(JsonElement schema, JsonElement value, string path)
    {
        if (schema.TryGetProperty("enum", out JsonElement names))
        {
            Assert.True(names.EnumerateArray().Any(name => name.ValueEquals(value.GetString())), $"{path}: {value}");
        }

        if (schema.TryGetProperty("type", out JsonElement type))
        {
            string actual = value.ValueKind switch
            {
                JsonValueKind.Number => "integer",
                JsonValueKind.True or JsonValueKind.False => "boolean",
                _ => value.ValueKind.ToString().ToLowerInvariant(),
            };
            Assert.True(type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Any(t => t.ValueEquals(actual)) : type.ValueEquals(actual), $"{path} is {actual}");
        }

        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in value.EnumerateArray())
            {
                Check(schema.GetProperty("items"), item, path + "[]");
            }
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (JsonProperty property in value.EnumerateObject())
        {
            JsonElement inner = default;
            bool isListed = schema.TryGetProperty("properties", out JsonElement properties) && properties.TryGetProperty(property.Name, out inner);
            if (!isListed)
            {
                inner = schema.GetProperty("additionalProperties");
                Assert.True(inner.ValueKind == JsonValueKind.Object, $"{path}.{property.Name} is not in the schema");
            }

            Check(inner, property.Value, $"{path}.{property.Name}");
        }

        foreach (JsonElement required in schema.TryGetProperty("required", out JsonElement list) ? list.EnumerateArray().ToArray() : [])
        {
            Assert.True(value.TryGetProperty(required.GetString()!, out _), $"{path} lacks {required}");
        }
    }
}
