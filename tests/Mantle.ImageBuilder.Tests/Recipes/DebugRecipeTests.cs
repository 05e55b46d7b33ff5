using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Packages.Locking;
using Mantle.ImageBuilder.Recipes;
using Mantle.Measure;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Recipes;

/// <summary>The key <c>debug</c> of a recipe.</summary>
public class DebugRecipeTests
{
    private static readonly string s_sample = File.ReadAllText(Repository.PathOf("appliance", "appliance.yaml"));

    [Fact]
    public void The_samples_twin_is_read()
    {
        DebugRecipe debug = RecipeReader.Parse("a.yaml", s_sample).Debug!;

        Assert.Equal(["busybox-static"], debug.Packages.Roots);
        Assert.Equal("debug/init", debug.Init!.Name);
        Assert.Equal([null, "console=ttyS0,115200", "8250.nr_uarts=1"], debug.CommandLine.Select(word => word.Word));
        Assert.Equal(["quiet", "console=ttynull", "8250.nr_uarts=0"], debug.CommandLine.Select(word => word.Replaces));
    }

    [Fact]
    public void The_lock_answers_for_the_twin_only_where_there_is_one()
    {
        Recipe with = RecipeReader.Parse("a.yaml", s_sample);
        Recipe without = RecipeReader.Parse("a.yaml", s_sample[..s_sample.IndexOf("\ndebug:", StringComparison.Ordinal)]);
        LockFile file = LockFile.Read(Repository.PathOf("appliance", "appliance.lock.json"));

        Assert.Null(without.Debug);
        Assert.Empty(file.DifferencesFrom(with.Resolution()));
        Assert.Equal(["recipe removes use \"debug\""], file.DifferencesFrom(without.Resolution()));
        Assert.Contains(file.Packages, package => package.Uses.Contains(UseName.Debug));
        Assert.DoesNotContain(file.Packages, package => package.Uses.Contains(UseName.Debug) && package.IsIn(isTwin: false));
    }

    [Theory]
    [InlineData("  remove: [/usr/share]", "  remove: [/usr/share]\n  shell: yes", "unknown key \"shell\" in \"debug\"; known are command-line, files, init, packages, remove")]
    [InlineData("    - replaces: quiet\n", "    - without: quiet\n", "unknown key \"without\" in \"command-line\"")]
    [InlineData("    - replaces: quiet\n      reason", "    - reason", "an entry of \"command-line\" needs \"word\", \"replaces\" or both")]
    [InlineData("      reason: the kernel's messages are wanted", "      reason: why", "it must be a sentence of at least ten characters")]
    [InlineData("    - word: 8250.nr_uarts=1", "    - word: a b", "\"word\" is \"a b\"; it must be one printable word")]
    [InlineData("    source: debug/init", "    path: debug/init", "\"init\" needs the key \"source\"")]
    [InlineData("it asks for a new initrd of Debian's own kind; the builder makes the initrd\n", "it asks for a new initrd\n        effect: ca-bundle\n", "a twin only adds")]
    [InlineData("  remove: [/usr/share]", "  files:\n    - path: /x\n      content: y\n      owner: nobody", "owner \"nobody\" of \"/x\" must be root or one of \"users\"")]
    public void A_bad_line_is_refused_with_its_place_and_what_would_be_right(string line, string replacement, string message)
    {
        int at = s_sample.LastIndexOf(line, StringComparison.Ordinal);
        Assert.True(at > s_sample.IndexOf("\ndebug:", StringComparison.Ordinal));
        UserErrorException error = Assert.Throws<UserErrorException>(() => RecipeReader.Parse("a.yaml", s_sample.Remove(at, line.Length).Insert(at, replacement)));

        Assert.Matches(@"^a\.yaml:\d+:\d+: ", error.Message);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
