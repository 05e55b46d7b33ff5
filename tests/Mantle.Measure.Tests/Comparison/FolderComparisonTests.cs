using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;
using Mantle.Measure.Comparison;
using static System.Security.Cryptography.SHA256;

namespace Mantle.Measure.Tests.Comparison;

public class FolderComparisonTests
{
    private static readonly byte[] s_app = "made from some sources"u8.ToArray();
    private static readonly byte[] s_otherApp = "made from other sources"u8.ToArray();

    [Fact]
    public void A_package_of_another_version_is_the_cause_of_another_file()
    {
        ImageComparison comparison = Compare(Folder(), Folder(packageVersion: "2.0", hosts: "other content"));
        Assert.Equal(new PackageDifference("base-files", "1.0", "2.0"), Assert.Single(comparison.Packages));
        Assert.Equal(("image.raw / partition 2 \"root\" / /etc/hosts", LikelyCause.OtherPackage), (comparison.First!.Place, comparison.First.Cause));
        Assert.Contains("base-files 1.0 against 2.0", comparison.First.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_of_the_recipe_is_other_source_or_another_compiler()
    {
        Difference source = Compare(Folder(), Folder(app: s_otherApp)).First!;
        Assert.Equal(("image.raw / partition 2 \"root\" / /usr/bin/app", LikelyCause.OtherSource), (source.Place, source.Cause));
        ImageComparison tool = Compare(Folder(), Folder(app: s_otherApp, sdk: "10.0.500"));
        Assert.Equal(LikelyCause.OtherTool, tool.First!.Cause);
        Assert.Contains(new InputDifference("../app: .NET SDK", "10.0.401", "10.0.500"), tool.Inputs);
    }

    [Fact]
    public void Another_builder_with_the_same_image_is_named_in_the_manifest()
    {
        ImageComparison comparison = Compare(Folder(), Folder(tool: "imagebuilder 0.2.0"));
        Assert.Equal(("manifest.json", LikelyCause.OtherTool), (comparison.First!.Place, comparison.First.Cause));
        Assert.Equal(new InputDifference("tool", "imagebuilder 0.1.0", "imagebuilder 0.2.0"), Assert.Single(comparison.Inputs));
        Assert.DoesNotContain(comparison.Pcrs, pcr => pcr.Moves == true);
    }

    [Fact]
    public void A_file_that_one_folder_lacks_is_named()
    {
        Dictionary<string, ByteSource> less = Folder();
        less.Remove("image.raw");
        Difference first = Compare(Folder(), less).First!;
        Assert.Equal(("image.raw", DifferenceKind.Removed), (first.Place, first.Kind));
    }

    [Fact]
    public void A_manifest_that_is_none_is_noted_and_compared_as_bytes()
    {
        Dictionary<string, ByteSource> broken = Folder();
        broken["manifest.json"] = TestImage.Text("{\"version\": 1}");
        ImageComparison comparison = Compare(Folder(), broken);
        Assert.Equal("manifest.json", comparison.First!.Place);
        Assert.Contains("manifest: not such a document", Assert.Single(comparison.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void The_JSON_says_what_the_text_says()
    {
        ImageComparison comparison = Compare(Folder(), Folder(packageVersion: "2.0", hosts: "other content"));
        using MemoryStream stream = new();
        ComparisonJson.Write(comparison, stream);
        using JsonDocument json = JsonDocument.Parse(stream.ToArray());
        Assert.False(json.RootElement.GetProperty("equal").GetBoolean());
        JsonElement first = json.RootElement.GetProperty("first");
        using StringWriter text = new();
        ComparisonText.Write(comparison, text);
        Assert.StartsWith(
            $"first difference\n  {first.GetProperty("place").GetString()}: {first.GetProperty("field").GetString()}\n", text.ToString(), StringComparison.Ordinal);
        Assert.Equal(comparison.Differences.Count, json.RootElement.GetProperty("differences").GetArrayLength());
        Assert.Contains("\n  ~ base-files 1.0 -> 2.0\n", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("likely cause: other-package", text.ToString(), StringComparison.Ordinal);
    }

    private static ImageComparison Compare(Dictionary<string, ByteSource> a, Dictionary<string, ByteSource> b) => ImageComparer.Compare(a, b);

    private static Dictionary<string, ByteSource> Folder(
        string packageVersion = "1.0", string hosts = "same", byte[]? app = null, string sdk = "10.0.401", string tool = "imagebuilder 0.1.0")
    {
        app ??= s_app;
        TestImage image = new()
        {
            ChangeRoot = tree =>
            {
                tree.Put("etc/hosts", FileNode.Regular(TestImage.Text(hosts)));
                tree.Put("usr/bin/app", FileNode.Regular(ByteSource.FromMemory(app)));
            },
        };
        string manifest = $$"""
            {
              "tool": "{{tool}}",
              "inputs": {
                "recipe": { "sha256": "aa" },
                "lock": { "sha256": "bb" },
                "sources": [
                  {
                    "name": "../app",
                    "sha256": "{{Convert.ToHexStringLower(HashData(app))}}",
                    "tools": { "sdk": "{{sdk}}", "toolchain": "cc", "packages": [] }
                  }
                ],
                "packages": [ { "name": "base-files", "version": "{{packageVersion}}", "sha256": "dd" } ]
              }
            }
            """;
        return new(StringComparer.Ordinal) { ["image.raw"] = image.Disk(), ["manifest.json"] = TestImage.Text(manifest) };
    }
}
