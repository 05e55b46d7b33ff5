using System.Text.Json;
using Mantle.Measure.Audit;
using Mantle.Measure.Audit.Reporting;

namespace Mantle.Measure.Tests.Audit;

public class ReportingTests
{
    private static readonly AuditReport s_report = PlantedImage.Sealed()
        .WithRootProgram("usr/bin/a b\u001b[2J%\n", TestElf.Program("SSH-2.0-Go"))
        .WithRootFile("etc/x", "x", 0b110_110_110)
        .WithPartition(new("0fc63daf-8483-4772-8e79-3d69d8477de4"), "x", Formats.Bytes.ByteSource.FromMemory((byte[])[.. "LUKS"u8, 0xBA, 0xBE, .. new byte[4090]]))
        .Audit(waivers: [new("PRIV-003", "/etc/x", "because it is so", "me", new(2027, 1, 1), "w:1:1")], at: new(2026, 1, 1));

    [Fact]
    public void Text_is_worst_first_and_lets_no_name_speak_to_the_terminal()
    {
        string text = AuditAssertions.Print(s_report);
        Assert.StartsWith("planted.raw: not sealed: 2 findings, 1 part not audited\n\ncritical SSH-001: ", text, StringComparison.Ordinal);
        Assert.Contains("root:/usr/bin/a b\\u001b[2J%\\u000a\n    offset 0x", text, StringComparison.Ordinal);
        Assert.Contains("until 2027-01-01", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text);
    }

    [Fact]
    public void Json_has_the_same_facts()
    {
        JsonElement json = Read(stream => AuditJson.Write(s_report, stream));
        Assert.Equal("findings", json.GetProperty("verdict").GetString());
        JsonElement finding = json.GetProperty("findings")[0];
        Assert.Equal("SSH-001", finding.GetProperty("rule").GetString());
        Assert.Equal(TestElf.Program("SSH-2.0-Go").AsSpan().IndexOf("SSH-2.0-Go"u8), finding.GetProperty("evidence")[0].GetProperty("offset").GetInt32());
        Assert.Equal("PRIV-003", json.GetProperty("waived")[0].GetProperty("rule").GetString());
        Assert.Equal("luks", json.GetProperty("gaps")[0].GetProperty("format").GetString());
        Assert.Equal(4, json.GetProperty("inventory").GetProperty("volumes").GetArrayLength());
    }

    [Fact]
    public void Sarif_has_what_code_scanning_asks_for()
    {
        JsonElement json = Read(stream => AuditSarif.Write(s_report, "1.2.3", stream));
        Assert.Equal("2.1.0", json.GetProperty("version").GetString());
        JsonElement run = json.GetProperty("runs")[0];
        JsonElement[] rules = [.. run.GetProperty("tool").GetProperty("driver").GetProperty("rules").EnumerateArray()];
        JsonElement[] results = [.. run.GetProperty("results").EnumerateArray()];
        Assert.Equal(["SSH-001", "BOOT-003", "PRIV-003", "AUDIT-001"], results.Select(result => result.GetProperty("ruleId").GetString()));
        Assert.All(results, result =>
        {
            Assert.Equal(result.GetProperty("ruleId").GetString(), rules[result.GetProperty("ruleIndex").GetInt32()].GetProperty("id").GetString());
            JsonElement location = result.GetProperty("locations")[0].GetProperty("physicalLocation");
            string uri = location.GetProperty("artifactLocation").GetProperty("uri").GetString()!;
            Assert.True(Uri.TryCreate(uri, UriKind.Relative, out _), uri);
            Assert.DoesNotContain(' ', uri);
            Assert.True(location.GetProperty("region").GetProperty("startLine").GetInt32() >= 1);
            Assert.Equal(32, result.GetProperty("partialFingerprints").GetProperty("ruleAndPlace/v1").GetString()!.Length);
        });
        Assert.Equal("planted.raw/root/usr/bin/a%20b%1B%5B2J%25%0A", results[0].GetProperty("locations")[0].GetProperty("physicalLocation").GetProperty("artifactLocation").GetProperty("uri").GetString());
        Assert.Equal(1, results[2].GetProperty("suppressions").GetArrayLength());
        Assert.All(rules, rule => Assert.NotEmpty(rule.GetProperty("properties").GetProperty("security-severity").GetString()!));
    }

    [Fact]
    public void The_published_schema_describes_every_member_that_is_written()
    {
        JsonElement schema = JsonDocument.Parse(File.ReadAllText(Mantle.Testing.Repository.PathOf("docs", "schemas", "audit.schema.json"))).RootElement;
        AssertDescribed(Read(stream => AuditJson.Write(s_report, stream)), schema, schema);
    }

    private static void AssertDescribed(JsonElement value, JsonElement schema, JsonElement root)
    {
        if (schema.TryGetProperty("$ref", out JsonElement reference))
        {
            schema = root.GetProperty("$defs").GetProperty(reference.GetString()!.Split('/')[^1]);
        }

        if (schema.TryGetProperty("enum", out JsonElement choices))
        {
            Assert.Contains(value.GetString(), choices.EnumerateArray().Select(choice => choice.GetString()));
        }

        if (value.ValueKind == JsonValueKind.Array)
        {
            Assert.NotEmpty(value.EnumerateArray());
            Assert.All(value.EnumerateArray(), item => AssertDescribed(item, schema.GetProperty("items"), root));
        }

        if (value.ValueKind == JsonValueKind.Object)
        {
            Assert.All(schema.GetProperty("required").EnumerateArray(), name => Assert.True(value.TryGetProperty(name.GetString()!, out _), name.GetString()));
            foreach (JsonProperty member in value.EnumerateObject())
            {
                Assert.True(schema.GetProperty("properties").TryGetProperty(member.Name, out JsonElement described), member.Name);
                AssertDescribed(member.Value, described, root);
            }
        }
    }

    private static JsonElement Read(Action<Stream> write)
    {
        using MemoryStream stream = new();
        write(stream);
        return JsonDocument.Parse(stream.ToArray()).RootElement;
    }
}
