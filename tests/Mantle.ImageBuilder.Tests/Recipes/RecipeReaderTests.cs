using Mantle.ImageBuilder.Recipes;
using Mantle.Measure;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Recipes;

public class RecipeReaderTests
{
    private static readonly string s_sample = File.ReadAllText(Repository.PathOf("appliance", "appliance.yaml"));

    [Fact]
    public void The_sample_recipe_is_read()
    {
        Recipe recipe = RecipeReader.Parse("appliance.yaml", s_sample);

        Assert.Equal("sample", recipe.Name);
        Assert.Equal(["trixie", "trixie-updates", "trixie-security"], recipe.Suites);
        Assert.Equal("/usr/bin/service", recipe.Service.Exec);
        Assert.Equal(64L << 20, recipe.Disk.EspSize);
        Assert.All(recipe.Packages.LeaveOut, leftOut => Assert.True(leftOut.Reason.Length >= 10));
    }

    // Each row changes one line of the sample; the message must name that line and what would be right.
    [Theory]
    [InlineData("name: sample", "name: sample\ncolour: blue", "unknown key \"colour\" in \"recipe\"; known are architecture, debug, disk, epoch")]
    [InlineData("name: sample", "name: sample\nname: other", "duplicate key")]
    [InlineData("name: sample", "name: Sample", "\"name\" is \"Sample\"; it must be a name of lower-case letters")]
    [InlineData("name: sample", "name: [sample]", "\"name\" must be plain text or a number")]
    [InlineData("name: sample", "name:", "\"name\" is empty")]
    [InlineData("version: 0.1.0", "version: latest", "\"version\" is \"latest\"; it must be a version such as 1.0.0")]
    [InlineData("architecture: amd64", "architecture: arm64", "it must be one of amd64")]
    [InlineData("epoch: 2026-11-21T00:00:00Z", "epoch: yesterday", "it must be a time such as 2026-11-21T00:00:00Z")]
    [InlineData("epoch: 2026-11-21T00:00:00Z", "epoch: 1979-01-01T00:00:00Z", "from 1980 to 2105")]
    [InlineData("suites: [trixie, trixie-updates, trixie-security]", "suites: trixie", "\"suites\" must be a list")]
    [InlineData("suites: [trixie, trixie-updates, trixie-security]", "suites: [trixie, trixie]", "\"trixie\" stands twice in \"suites\"")]
    [InlineData("suites: [trixie, trixie-updates, trixie-security]", "suites: []", "\"suites\" is empty; name at least one")]
    [InlineData("reason: the builder makes the initrd", "reason: no", "\"reason\" is \"no\"; it must be a sentence")]
    [InlineData("    mode: \"0755\"", "    mode: \"4755\"", "set-id bits are not possible")]
    [InlineData("    source: ../artifacts/guest/service", "    source: x\n    content: y", "exactly one of source, content, link or directory")]
    [InlineData("  exec: /usr/bin/service", "  exec: service", "\"exec\" is \"service\"; it must be an absolute path")]
    [InlineData("  exec: /usr/bin/service", "  exec: /usr/../bin/service", "an absolute path without . or ..")]
    [InlineData("  user: service", "  user: nobody", "the service's user \"nobody\" must be one of \"users\"")]
    [InlineData("  user: service", "  user: root", "the service's user \"root\" must be one of \"users\"")]
    [InlineData("  restart-delay: 1s", "  restart-delay: 1", "it must be a time such as \"500ms\" or \"10s\"")]
    [InlineData("    id: 1000", "    id: 0", "\"id\" is \"0\"; it must be a whole number from 1 to 59999")]
    [InlineData("  esp: 64 MiB", "  esp: 64MB", "it must be a size such as \"64 MiB\"")]
    [InlineData("  esp: 64 MiB", "  esp: 100 KiB", "a multiple of 1,048,576 bytes")]
    [InlineData("on-failure: reboot", "on-failure: shell", "it must be one of reboot, power-off")]
    [InlineData("network: dhcp", "network: &a dhcp", "anchors and aliases are not used in a recipe")]
    [InlineData("network: dhcp", "network: !!str dhcp", "must be plain text or a number")]
    [InlineData("network: dhcp", "network: \"dhcp", "")]
    public void A_bad_line_is_refused_with_its_place_and_what_would_be_right(string line, string replacement, string message)
    {
        Assert.Contains(line, s_sample, StringComparison.Ordinal);
        UserErrorException error = Assert.Throws<UserErrorException>(() =>
            RecipeReader.Parse("appliance.yaml", s_sample.Replace(line, replacement, StringComparison.Ordinal)));

        Assert.Matches(@"^appliance\.yaml:\d+:\d+: ", error.Message);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void The_place_of_a_refusal_is_the_line_and_column_of_the_offender()
    {
        int line = s_sample.Split('\n').TakeWhile(text => !text.Contains("restart: always", StringComparison.Ordinal)).Count() + 1;
        UserErrorException error = Assert.Throws<UserErrorException>(() =>
            RecipeReader.Parse("a.yaml", s_sample.Replace("restart: always", "restart: maybe", StringComparison.Ordinal)));
        Assert.StartsWith($"a.yaml:{line}:12: ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name")]
    [InlineData("packages")]
    [InlineData("kernel")]
    [InlineData("service")]
    public void A_missing_key_is_named(string key)
    {
        string text = s_sample.Replace($"\n{key}:", $"\nx{key}:", StringComparison.Ordinal);
        UserErrorException error = Assert.Throws<UserErrorException>(() => RecipeReader.Parse("a.yaml", text));
        Assert.Contains($"\"recipe\" needs the key \"{key}\"", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("- a\n- b\n")]
    [InlineData("a: b\n---\nc: d\n")]
    [InlineData("\t")]
    [InlineData("{")]
    [InlineData("a: *b")]
    [InlineData("? [x]\n: y\n")]
    public void Text_that_is_no_recipe_is_refused_in_one_line(string text)
    {
        UserErrorException error = Assert.Throws<UserErrorException>(() => RecipeReader.Parse("a.yaml", text));
        Assert.StartsWith("a.yaml:", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Damaged_text_is_refused_and_nothing_else() => CsCheck.Check.Sample(
        CsCheck.Gen.Select(CsCheck.Gen.Int[0, s_sample.Length - 1], CsCheck.Gen.Char[" :-[]{}\"'&*!|>%\n\t#\0a0"]),
        change =>
        {
            try
            {
                RecipeReader.Parse("a.yaml", s_sample[..change.Item1] + change.Item2 + s_sample[(change.Item1 + 1)..]);
            }
            catch (UserErrorException)
            {
            }
        },
        iter: 2000);
}
