using Mantle.ImageBuilder.Recipes;
using Mantle.ImageBuilder.Twin;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Tests.Twin;

public class TwinCommandLineTests
{
    private static readonly string[] s_sealed = ["quiet", "console=ttynull", "8250.nr_uarts=0", "roothash=00", "mitigations=auto"];

    [Fact]
    public void Words_take_the_place_of_those_that_they_replace() => Assert.Equal(
        ["console=ttyS0", "8250.nr_uarts=1", "roothash=00", "mitigations=off", "console=tty0"],
        Apply((null, "quiet"), ("console=ttyS0", "console=ttynull"), ("8250.nr_uarts=1", "8250.nr_uarts=0"), ("mitigations=off", "mitigations=auto"), ("console=tty0", null)));

    [Theory]
    [InlineData("console=ttyS0", null, "\"console=ttyS0\" would stand beside the sealing word \"console=ttynull\"")]
    [InlineData("8250.nr-uarts=4", null, "would stand beside the sealing word \"8250.nr_uarts=0\"")]
    [InlineData("a=b", "console=tty1", "has no word \"console=tty1\" to replace")]
    [InlineData("roothash=01", null, "belongs to the builder")]
    [InlineData(null, "roothash=00", "belongs to the builder")]
    [InlineData("init=/usr/bin/box", null, "belongs to the builder")]
    [InlineData("rdinit=/usr/bin/box", null, "belongs to the builder")]
    [InlineData("dm-mod.create=x", null, "belongs to the builder")]
    public void A_change_that_is_not_clear_or_not_the_twins_is_refused(string? word, string? replaces, string problem)
    {
        UserErrorException error = Assert.Throws<UserErrorException>(() => Apply((word, replaces)));
        Assert.StartsWith("a.yaml:1:1: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_word_is_not_replaced_twice()
    {
        UserErrorException error = Assert.Throws<UserErrorException>(() => Apply((null, "quiet"), ("verbose", "quiet")));
        Assert.Contains("has no word \"quiet\" to replace", error.Message, StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> Apply(params (string? Word, string? Replaces)[] changes) =>
        TwinCommandLine.Apply(s_sealed, [.. changes.Select(change => new DebugWord(change.Word, change.Replaces, "no reason", "a.yaml:1:1"))]);
}
