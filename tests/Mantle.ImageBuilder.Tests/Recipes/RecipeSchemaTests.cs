using System.Text.Json;
using System.Text.RegularExpressions;
using Mantle.ImageBuilder.Recipes;
using Mantle.Measure;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Recipes;

/// <summary>The published schema and the reader know the same keys.</summary>
public partial class RecipeSchemaTests
{
    private static readonly string s_sample = File.ReadAllText(Repository.PathOf("appliance", "appliance.yaml"));

    // A line of the sample inside each mapping, and where the schema describes that mapping.
    [Theory]
    [InlineData("name: sample", "", "properties")]
    [InlineData("  roots: [ca-certificates", "  ", "properties/packages/properties")]
    [InlineData("    - package: libgcc-s1", "      ", "$defs/leaveOut/items/properties")]
    [InlineData("  package: linux-image-cloud-amd64", "  ", "properties/kernel/properties")]
    [InlineData("  package: systemd-boot-efi", "  ", "properties/stub/properties")]
    [InlineData("  roots: [binutils-x86-64-linux-gnu", "  ", "properties/toolchain/properties")]
    [InlineData("  source: ../artifacts/guest/init", "  ", "properties/init/properties")]
    [InlineData("  - path: /usr/bin/service", "    ", "properties/files/items/properties")]
    [InlineData("  - name: service", "    ", "properties/users/items/properties")]
    [InlineData("  exec: /usr/bin/service", "  ", "properties/service/properties")]
    [InlineData("  - path: /run", "    ", "properties/memory/items/properties")]
    [InlineData("  esp: 64 MiB", "  ", "properties/disk/properties")]
    [InlineData("  remove: [/usr/share]", "  ", "properties/debug/properties")]
    [InlineData("    roots: [busybox-static]", "    ", "properties/packages/properties")]
    [InlineData("    source: debug/init", "    ", "properties/init/properties")]
    [InlineData("    - word: 8250.nr_uarts=1", "      ", "properties/debug/properties/command-line/items/properties")]
    [InlineData("    - package: libc6\n", "      ", "properties/packages/properties/maintainer-scripts/items/properties")]
    public void The_schema_has_the_keys_that_the_reader_knows(string line, string indentation, string pointer)
    {
        int end = s_sample.IndexOf('\n', s_sample.IndexOf("\n" + line.TrimEnd(), StringComparison.Ordinal) + 1);
        string text = s_sample.Insert(end + 1, $"{indentation}unheard-of: 1\n");
        UserErrorException error = Assert.Throws<UserErrorException>(() => RecipeReader.Parse("a.yaml", text));
        string[] known = KnownKeys().Match(error.Message).Groups[1].Value.Split(", ");

        using JsonDocument schema = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("docs", "schemas", "recipe.schema.json")));
        JsonElement at = schema.RootElement;
        foreach (string part in pointer.Split('/'))
        {
            at = at.GetProperty(part);
        }

        Assert.Equal(at.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal), known);
    }

    [GeneratedRegex("known are (.*)$")]
    private static partial Regex KnownKeys();
}
