using System.Xml.Linq;

namespace Mantle.Repository.Tests;

/// <summary>The direction of the design: formats, then measure, then imagebuilder; the appliance references no tool.</summary>
public class ProjectReferenceTests
{
    private static readonly Dictionary<string, string[]> s_allowed = new(StringComparer.Ordinal)
    {
        ["Mantle.Formats"] = [],
        ["Mantle.Measure"] = ["Mantle.Formats"],
        ["Mantle.Cli"] = ["Mantle.Formats", "Mantle.Measure"],
        ["Mantle.Measure.Cli"] = ["Mantle.Cli", "Mantle.Formats", "Mantle.Measure"],
        ["Mantle.ImageBuilder"] = ["Mantle.Formats", "Mantle.Measure"],
        ["Mantle.ImageBuilder.Cli"] = ["Mantle.Cli", "Mantle.Formats", "Mantle.ImageBuilder", "Mantle.Measure"],
        ["Mantle.Init"] = [],
        ["Mantle.Model"] = [],
        ["Mantle.Model.Trainer"] = ["Mantle.Model"],
        ["Mantle.Service"] = ["Mantle.Model"],
        ["Mantle.Unseal"] = [],
    };

    [Fact]
    public void Products_reference_only_what_the_design_allows()
    {
        Dictionary<string, string[]> actual = Projects("tools").Concat(Projects("appliance")).ToDictionary(p => p.Name, p => p.References);
        Assert.Equal(s_allowed.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        foreach ((string name, string[] references) in actual)
        {
            Assert.Equal(s_allowed[name], references);
        }
    }

    [Fact]
    public void Measure_references_no_cloud_library_and_no_network_library()
    {
        foreach ((string name, _, string[] packages) in Projects("tools").Where(p => p.Name is "Mantle.Formats" or "Mantle.Measure" or "Mantle.Measure.Cli"))
        {
            Assert.DoesNotContain(packages, package => package.StartsWith("AWSSDK", StringComparison.Ordinal));
            Assert.Subset(
                new HashSet<string>
                {
                    "BouncyCastle.Cryptography", "K4os.Compression.LZ4", "SharpCompress", "YamlDotNet", "ZstdSharp.Port", "System.CommandLine", "System.Formats.Cbor", "Microsoft.CodeAnalysis.BannedApiAnalyzers",
                },
                packages.ToHashSet());
        }
    }

    private static IEnumerable<(string Name, string[] References, string[] Packages)> Projects(string folder) =>
        Directory.EnumerateFiles(Testing.Repository.PathOf(folder), "*.csproj", SearchOption.AllDirectories)
            .Select(path =>
            {
                XDocument project = XDocument.Load(path);
                return (Path.GetFileNameWithoutExtension(path), Names(project, "ProjectReference"), Names(project, "PackageReference"));
            });

    private static string[] Names(XDocument project, string element) =>
        [.. project.Descendants(element).Select(e => Path.GetFileNameWithoutExtension(e.Attribute("Include")!.Value + (element == "PackageReference" ? ".x" : "")))
            .Order(StringComparer.Ordinal)];
}
