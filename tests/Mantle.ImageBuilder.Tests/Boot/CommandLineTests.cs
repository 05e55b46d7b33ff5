using Mantle.ImageBuilder.Boot;
using Mantle.Measure;
using Mantle.Measure.Text;

namespace Mantle.ImageBuilder.Tests.Boot;

public class CommandLineTests
{
    [Fact]
    public void The_line_seals_binds_the_root_and_ends_with_the_recipes_words() =>
        Assert.Matches("^quiet console=ttynull .* roothash=0102 mitigations=auto$", CommandLine.Compose([1, 2], Words("mitigations=auto")));

    [Theory]
    [InlineData("console=ttyS0")]
    [InlineData("CONSOLE=ttyS0")]
    [InlineData("lockdown=none")]
    [InlineData("init=/bin/sh")]
    [InlineData("rdinit=/bin/sh")]
    [InlineData("roothash=00")]
    [InlineData("panic=0")]
    [InlineData("earlyprintk=serial")]
    [InlineData("DOTNET_GCHeapHardLimit=1")]
    [InlineData("LD_PRELOAD=/x")]
    [InlineData("--")]
    [InlineData("8250.nr_uarts=4")]
    [InlineData("8250.nr-uarts=4")]
    [InlineData("sysctl.kernel/sysrq=1")]
    [InlineData("dm-mod.create=x")]
    [InlineData("sysrq_always_enabled")]
    public void A_word_that_undoes_the_seal_is_refused(string word)
    {
        UserErrorException error = Assert.Throws<UserErrorException>(() => CommandLine.Compose([1], Words(word)));
        Assert.StartsWith($"a.yaml:1:1: the command-line word \"{word}\"", error.Message, StringComparison.Ordinal);
    }

    private static Located<string>[] Words(params string[] words) => [.. words.Select(word => new Located<string>(word, "a.yaml:1:1"))];
}
