using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mantle.Testing;

namespace Mantle.Image.Tests;

/// <summary>
/// sbom.spdx.json by the rules of SPDX 2.3 and of package URLs (ECMA-427). Debian packages no validator, so the rules of the specification's JSON
/// schema that apply to the parts that we write are written down here: what may occur, what must, and what it looks like.
/// </summary>
public sealed partial class SbomTests(FinishedImage image) : IDisposable
{
    // Which properties an object may have, which of them it must have (with !), and what each looks like. The schema allows no other.
    private static readonly Dictionary<string, Dictionary<string, string>> s_schema = new()
    {
        [""] = new()
        {
            ["SPDXID!"] = "SPDXRef-DOCUMENT",
            ["spdxVersion!"] = @"SPDX-2\.3",
            ["dataLicense!"] = @"CC0-1\.0",
            ["name!"] = ".+",
            ["documentNamespace!"] = "[a-z][a-z0-9+.-]*:[^#]+",
            ["creationInfo!"] = "{}",
            ["packages"] = "[]",
            ["relationships"] = "[]",
            ["documentDescribes"] = "[]",
            ["comment"] = ".*",
        },
        ["creationInfo"] = new() { ["created!"] = Time, ["creators!"] = "[]", ["licenseListVersion"] = @"\d+\.\d+", ["comment"] = ".*" },
        ["creators"] = new() { [""] = @"(Person|Organization): .+|Tool: \S+-\S+" },
        ["packages"] = new()
        {
            ["SPDXID!"] = Id,
            ["name!"] = ".+",
            ["downloadLocation!"] = @"NOASSERTION|NONE|[a-z][a-z0-9+.-]*:\S+",
            ["versionInfo"] = ".+",
            ["packageFileName"] = "[^/]+",
            ["supplier"] = "NOASSERTION|(Person|Organization): .+",
            ["originator"] = "NOASSERTION|(Person|Organization): .+",
            ["filesAnalyzed"] = "False",
            ["licenseConcluded"] = License,
            ["licenseDeclared"] = License,
            ["copyrightText"] = ".+",
            ["primaryPackagePurpose"] = "OTHER|INSTALL|ARCHIVE|FIRMWARE|APPLICATION|FRAMEWORK|LIBRARY|CONTAINER|SOURCE|DEVICE|OPERATING_SYSTEM|FILE",
            ["checksums"] = "[]",
            ["externalRefs"] = "[]",
            ["sourceInfo"] = ".*",
            ["summary"] = ".*",
            ["homepage"] = ".*",
            ["comment"] = ".*",
        },
        ["checksums"] = new() { ["algorithm!"] = "SHA256", ["checksumValue!"] = "[0-9a-f]{64}" },
        ["externalRefs"] = new()
        {
            ["referenceCategory!"] = "OTHER|PERSISTENT-ID|SECURITY|PACKAGE-MANAGER",
            ["referenceType!"] = "purl",
            ["referenceLocator!"] = @"\S+",
            ["comment"] = ".*",
        },
        ["relationships"] = new()
        {
            ["spdxElementId!"] = Id,
            ["relatedSpdxElement!"] = Id,
            ["relationshipType!"] = "DESCRIBES|CONTAINS|BUILD_TOOL_OF|GENERATED_FROM|DEPENDS_ON|STATIC_LINK|DYNAMIC_LINK",
            ["comment"] = ".*",
        },
    };

    private const string Id = @"SPDXRef-[A-Za-z0-9.-]+";
    private const string Time = @"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ";
    private const string License = "NOASSERTION|NONE|[A-Za-z0-9.() +-]+";

    private readonly JsonDocument _document = JsonDocument.Parse(File.ReadAllBytes(BuildOutput.Require("out", "sbom.spdx.json")));

    private JsonElement[] Packages => [.. _document.RootElement.GetProperty("packages").EnumerateArray()];

    private (string From, string Type, string To)[] Relationships =>
    [
        .. _document.RootElement.GetProperty("relationships").EnumerateArray()
            .Select(x => (Text(x, "spdxElementId"), Text(x, "relationshipType"), Text(x, "relatedSpdxElement"))),
    ];

    [Fact]
    public void The_document_has_what_the_schema_demands_and_nothing_that_it_does_not_know() => Assert.Empty(Problems("", _document.RootElement));

    [Theory]
    [InlineData("\"SPDX-2.3\"", "\"SPDX-2.2\"")]
    [InlineData("\"dataLicense\"", "\"license\"")]
    [InlineData("\"NOASSERTION\"", "7")]
    [InlineData("\"SHA256\"", "\"sha256\"")]
    [InlineData("OPERATING_SYSTEM", "OPERATING-SYSTEM")]
    [InlineData("\"SPDXRef-Image\"", "\"SPDXRef_Image\"")]
    [InlineData("\"CONTAINS\"", "\"HAS\"")]
    public void The_check_itself_finds_a_wrong_document(string right, string wrong)
    {
        string text = File.ReadAllText(BuildOutput.Require("out", "sbom.spdx.json"));
        Assert.Contains(right, text, StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(text.Replace(right, wrong, StringComparison.Ordinal));
        Assert.NotEmpty(Problems("", document.RootElement));
    }

    [Fact]
    public void Every_identifier_is_unique_and_every_relationship_leads_from_one_to_another()
    {
        string[] identifiers = ["SPDXRef-DOCUMENT", .. Packages.Select(package => Text(package, "SPDXID"))];
        Assert.Equal(identifiers.Distinct(), identifiers);
        Assert.All(Relationships, relationship => Assert.Subset(identifiers.ToHashSet(), new HashSet<string> { relationship.From, relationship.To }));
        Assert.Equal(Relationships.Distinct(), Relationships);
        (_, _, string described) = Assert.Single(Relationships, relationship => relationship is { From: "SPDXRef-DOCUMENT", Type: "DESCRIBES" });

        // Each package is in the image or helped to make it.
        Assert.All(identifiers[1..].Where(id => id != described), id => Assert.True(
            Relationships.Contains((described, "CONTAINS", id)) != Relationships.Contains((id, "BUILD_TOOL_OF", described)), id));
    }

    [Fact]
    public void It_describes_the_image_and_each_package_of_the_manifest()
    {
        Assert.Equal(Text(image.Manifest.GetProperty("outputs").EnumerateArray().Single(x => Text(x, "name") == "image.raw"), "sha256"), Sha256(Packages[0]));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(image.Manifest.GetProperty("epoch").GetInt64()), DateTimeOffset.ParseExact(
            Text(_document.RootElement.GetProperty("creationInfo"), "created"), "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal));
        Assert.Equal(
            image.Manifest.GetProperty("inputs").GetProperty("packages").EnumerateArray().Select(x => (Text(x, "name"), Text(x, "version"), Path.GetFileName(Text(x, "path")), Text(x, "sha256"))),
            Packages[1..].Select(x => (Text(x, "name"), Text(x, "versionInfo"), Text(x, "packageFileName"), Sha256(x))));
    }

    [Fact]
    public void Each_package_url_is_canonical_and_says_what_dpkg_says()
    {
        IReadOnlyDictionary<string, string> files = BuildOutput.Packages();
        foreach (JsonElement package in Packages[1..])
        {
            Match purl = Purl().Match(Text(package.GetProperty("externalRefs").EnumerateArray().Single(), "referenceLocator"));
            Assert.True(purl.Success, package.ToString());
            Assert.Equal(
                Oracle.Succeed("dpkg-deb", "--show", "--showformat=${Package} ${Version} ${Architecture}", files[Text(package, "name")]),
                $"{Uri.UnescapeDataString(purl.Groups["name"].Value)} {Uri.UnescapeDataString(purl.Groups["version"].Value)} {purl.Groups["arch"].Value}");
        }
    }

    public void Dispose() => _document.Dispose();

    private static IEnumerable<string> Problems(string place, JsonElement element)
    {
        Dictionary<string, string> rules = s_schema[place];
        if (rules.TryGetValue("", out string? form))
        {
            return IsOf(element, form) ? [] : [$"{place}: {element}"];
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            return [$"{place}: no object"];
        }

        List<string> problems = [];
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (!rules.TryGetValue(property.Name, out form) && !rules.TryGetValue(property.Name + "!", out form))
            {
                problems.Add($"{place}: unknown \"{property.Name}\"");
            }
            else if (form == "[]" && property.Value.ValueKind == JsonValueKind.Array)
            {
                problems.AddRange(property.Value.EnumerateArray().SelectMany(item => Problems(property.Name, item)));
            }
            else if (form == "{}")
            {
                problems.AddRange(Problems(property.Name, property.Value));
            }
            else if (form == "[]" || !IsOf(property.Value, form))
            {
                problems.Add($"{place}: \"{property.Name}\" is {property.Value}");
            }
        }

        string[] names = [.. element.EnumerateObject().Select(property => property.Name)];
        problems.AddRange(rules.Keys.Where(name => name.EndsWith('!') && !names.Contains(name[..^1])).Select(name => $"{place}: no \"{name[..^1]}\""));
        problems.AddRange(names.GroupBy(name => name).Where(group => group.Count() > 1).Select(group => $"{place}: \"{group.Key}\" twice"));
        return problems;
    }

    private static bool IsOf(JsonElement value, string form) =>
        form is "True" or "False"
            ? value.ValueKind is JsonValueKind.True or JsonValueKind.False && value.ToString() == form
            : value.ValueKind == JsonValueKind.String && Regex.IsMatch(value.GetString()!, $"^(?:{form})\\z", RegexOptions.Singleline);

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static string Sha256(JsonElement package) =>
        Text(package.GetProperty("checksums").EnumerateArray().Single(x => Text(x, "algorithm") == "SHA256"), "checksumValue");

    // ECMA-427: type deb; what is no letter, digit, period, hyphen, underscore, tilde or colon is percent-encoded; qualifiers sorted.
    [GeneratedRegex(@"^pkg:deb/debian/(?<name>(?:[a-z0-9.-]|%2B)+)@(?<version>(?:[A-Za-z0-9.\-_~:]|%2B)+)\?arch=(?<arch>[a-z0-9]+)&distro=trixie\z")]
    private static partial Regex Purl();
}
