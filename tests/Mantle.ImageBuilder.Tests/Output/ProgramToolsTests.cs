using Mantle.ImageBuilder.Output;
using Mantle.ImageBuilder.Recipes;
using Mantle.Measure;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Output;

public class ProgramToolsTests
{
    private const string Digest = "a01b82361170032d8e8cfafda420171b8d00a7dc351dd0b4585ba58db5312a89";
    private const string Toolchain = "f12b28ee66685248";

    [Fact]
    public void What_the_guest_build_wrote_is_read()
    {
        ProgramTools tools = Find(Text())!;
        Assert.Equal(("10.0.401", Toolchain), (tools.Sdk, tools.Toolchain));
        Assert.Equal([new ToolPackage("ilcompiler", "10.0.12", "wAa+LAE6")], tools.Packages);
    }

    [Fact]
    public void A_program_of_unknown_making_is_no_error() => Assert.Null(Find(null));

    [Fact]
    public void A_program_that_was_changed_afterwards_is_refused() =>
        Assert.Contains("speaks of a program with SHA-256 bb", Refused(Text(digest: "bb")), StringComparison.Ordinal);

    [Fact]
    public void A_program_linked_with_another_toolchain_than_the_locked_one_is_refused() =>
        Assert.EndsWith(
            "was linked with toolchain \"0000000000000000\", but the lock has \"f12b28ee66685248\"",
            Refused(Text(toolchain: "0000000000000000")), StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"version\": \"1\"}")]
    [InlineData("{\"version\": 2}")]
    [InlineData("{\"version\": 1, \"sha256\": null, \"sdk\": \"x\", \"packages\": [], \"toolchain\": \"y\"}")]
    public void A_file_that_the_guest_build_did_not_write_is_refused(string text) => Refused(text);

    private static string Refused(string text) => Assert.Throws<UserErrorException>(() => Find(text)).Message;

    private static ProgramTools? Find(string? text)
    {
        using TemporaryFolder folder = new();
        if (text is not null)
        {
            File.WriteAllText(folder["init.tools.json"], text);
        }

        return ProgramTools.Find(new SourceFile("init", folder["init"], "recipe:1:1"), Digest, Toolchain);
    }

    private static string Text(string digest = Digest, string toolchain = Toolchain) => $$"""
        {
          "version": 1,
          "program": "init",
          "sha256": "{{digest}}",
          "sdk": "10.0.401",
          "packages": [
            { "name": "ilcompiler", "version": "10.0.12", "contentHash": "wAa+LAE6" }
          ],
          "toolchain": "{{toolchain}}"
        }
        """;
}
