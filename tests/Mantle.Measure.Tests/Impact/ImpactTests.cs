using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Measure.Comparison;
using Mantle.Measure.Impact;
using Mantle.Measure.Tests.Comparison;

namespace Mantle.Measure.Tests.Impact;

public class ImpactTests
{
    private const string Lock =
        """{"version":1,"inputsSha256":"aa","packages":[{"name":"libc6","version":"1","sha256":"00","uses":["root"]},{"name":"linux","version":"1","sha256":"01","uses":["kernel"]}]}""";

    [Fact]
    public void Equal_images_move_nothing()
    {
        ImpactReport report = ImpactReport.From(ImageComparer.Compare(new TestImage().Disk(), new TestImage().Disk()));
        Assert.Empty(report.Moving);
        Assert.Equal("PCR 4, 5, 7, 9, 11, 12, 13 stay", ImpactText.Summary(report));
    }

    [Fact]
    public void A_word_moves_what_covers_the_command_line_and_is_named()
    {
        ImpactReport report = ImpactReport.From(ImageComparer.Compare(new TestImage().Disk(), new TestImage { Words = "quiet panic=-1 debug" }.Disk()));
        Assert.Equal([4, 9, 11], report.Moving);
        Assert.Contains("debug", Text(report), StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_guid_moves_pcr_5_only()
    {
        ImpactReport report = ImpactReport.From(ImageComparer.Compare(new TestImage().Disk(), new TestImage { DiskId = new("22222222-2222-3333-4444-555555555555") }.Disk()));
        Assert.Equal([5], report.Moving);
    }

    [Theory]
    [InlineData("\"1\",\"sha256\":\"00\"", "\"2\",\"sha256\":\"02\"", "libc6 1 -> 2, used for root")]
    [InlineData("\"sha256\":\"01\"", "\"sha256\":\"03\"", "linux 1 -> 1, used for kernel")]
    [InlineData("\"name\":\"linux\"", "\"name\":\"linux2\"", "linux 1 -> absent, used for kernel")]
    [InlineData("\"kernel\"", "\"toolchain\"", "linux 1 -> 1, used for kernel, toolchain")]
    public void A_changed_package_may_move_what_its_use_reaches(string from, string to, string cause)
    {
        ImpactReport report = LockImpact.Compare(Source(Lock), Source(Lock.Replace(from, to, StringComparison.Ordinal)));
        Assert.Equal([4, 5, 9, 11], report.Moving);
        Assert.All(report.Pcrs.Where(pcr => pcr.Index is 7 or 12 or 13), pcr => Assert.Equal(PcrFate.Stays, pcr.Fate));
        Assert.Equal(cause, report.Causes[0]);
    }

    [Fact]
    public void Equal_locks_move_nothing_and_what_is_none_is_refused()
    {
        Assert.Empty(LockImpact.Compare(Source(Lock), Source(Lock)).Moving);
        Assert.True(LockImpact.IsLock(Source(Lock)));
        Assert.False(LockImpact.IsLock(Source("{}")));
        foreach (string bad in (string[])["{}", "[]", "{", Lock.Replace("\"linux\"", "\"libc6\"", StringComparison.Ordinal), Lock.Replace("\"1\"", "1", StringComparison.Ordinal)])
        {
            Assert.Throws<MalformedInputException>(() => LockImpact.Compare(Source(Lock), Source(bad)));
        }
    }

    [Fact]
    public void Names_cannot_leave_their_code_span_in_markdown()
    {
        ImpactReport report = LockImpact.Compare(Source(Lock), Source(Lock.Replace("libc6", "a`|<img>@all\\n# x", StringComparison.Ordinal)));
        StringWriter markdown = new();
        ImpactText.WriteMarkdown(report, markdown);
        Assert.All(markdown.ToString().Split('\n').Where(line => line.Contains("<img>", StringComparison.Ordinal)), line =>
        {
            string[] spans = line.Replace("<br>", "", StringComparison.Ordinal).Split('`');
            Assert.All(spans.Where((_, index) => index % 2 == 0), outside => Assert.DoesNotContain("<img>", outside, StringComparison.Ordinal));
        });
        Assert.DoesNotContain("\n# x", markdown.ToString(), StringComparison.Ordinal);
    }

    private static string Text(ImpactReport report)
    {
        StringWriter text = new();
        ImpactText.Write(report, text);
        return text.ToString();
    }

    private static ByteSource Source(string text) => ByteSource.FromMemory(Encoding.UTF8.GetBytes(text));
}
