using System.Text.Json;
using System.Text.RegularExpressions;

namespace Mantle.Repository.Tests;

/// <summary>The members of every JSON document that a tool writes are in camelCase, but where another specification has named them.</summary>
public sealed partial class JsonNameTests
{
    /// <summary>Whose names they are: those of process 1's configuration inside the image, and those of the Responses API.</summary>
    private static readonly string[] s_named = ["ApplianceFiles.cs", "ApplianceFiles.Unseal.cs", "Prompt.cs"];

    [Fact]
    public void What_the_tools_write_has_no_underscore_in_its_names()
    {
        string[] sources = [.. Directory.GetFiles(Testing.Repository.PathOf("tools"), "*.cs", SearchOption.AllDirectories).Where(file => !s_named.Contains(Path.GetFileName(file)))];
        Assert.DoesNotContain(sources, file => WritesUnderscore().IsMatch(File.ReadAllText(file)));
        Assert.Contains(Directory.GetFiles(Testing.Repository.PathOf("tools"), s_named[0], SearchOption.AllDirectories), file => WritesUnderscore().IsMatch(File.ReadAllText(file)));
    }

    [Fact]
    public void What_the_schemas_describe_has_no_underscore_in_its_names()
    {
        string[] schemas = Directory.GetFiles(Testing.Repository.PathOf("docs", "schemas"), "*.schema.json");
        Assert.NotEmpty(schemas);
        foreach (string schema in schemas)
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllText(schema));
            string[] names = [.. Properties(document.RootElement).Where(name => name.IndexOf('_', StringComparison.Ordinal) > 0)]; // in-toto's _type has one in front
            Assert.True(names.Length == 0, $"{Path.GetFileName(schema)}: {string.Join(", ", names)}");
        }
    }

    private static IEnumerable<string> Properties(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member =>
            member.Name == "properties" && member.Value.ValueKind == JsonValueKind.Object
                ? member.Value.EnumerateObject().SelectMany(property => Properties(property.Value).Append(property.Name))
                : Properties(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Properties),
        _ => [],
    };

    [GeneratedRegex("""\b(Write(String|Number|Boolean|Null|Texts|StartArray|StartObject|PropertyName|Base64String)|WriteArray)\((json, )?"[a-z0-9]+_""")]
    private static partial Regex WritesUnderscore();
}
