using CsCheck;
using Mantle.ImageBuilder.Packages.Debian;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Packages.Debian;

public class DebianVersionTests
{
    // Few characters, so that generated versions often share prefixes and differ in what the rules are about.
    private static readonly Gen<string> s_version = Gen.Select(
        Gen.OneOf("", "", "0:", "1:", "10:"),
        Gen.Char["0019a~+.-zA"].Array[0, 8],
        Gen.OneOf("", "-0", "-1", "-1~", "-1+deb13u1", "-01", "-a"),
        (epoch, upstream, revision) => $"{epoch}1{new string(upstream)}0{revision}");

    [Theory]
    [InlineData("1.0~rc1", "1.0", -1)]
    [InlineData("1.0", "1.00", 0)]
    [InlineData("1.0", "1.0-0", 0)]
    [InlineData("0:1", "1", 0)]
    [InlineData("1:0.1", "9", 1)]
    [InlineData("1.10", "1.9", 1)]
    [InlineData("1.0a", "1.0+", -1)]
    [InlineData("1.0", "1.0a", -1)]
    [InlineData("1.0~~", "1.0~", -1)]
    [InlineData("1.0~~a", "1.0~", -1)]
    [InlineData("2.41-12+deb13u5", "2.41-12", 1)]
    [InlineData("1.99999999999999999999", "1.100000000000000000000", -1)]
    public void Versions_are_ordered_as_policy_says(string a, string b, int order)
    {
        Assert.Equal(order, Math.Sign(Parse(a).CompareTo(Parse(b))));
        Assert.Equal(-order, Math.Sign(Parse(b).CompareTo(Parse(a))));
    }

    [Theory]
    [InlineData("")]
    [InlineData(":1")]
    [InlineData("a:1")]
    [InlineData("1:")]
    [InlineData("99999999999:1")]
    [InlineData("1-")]
    [InlineData("-1")]
    [InlineData("1 2")]
    [InlineData("1_2")]
    [InlineData("1:2-3:4")]
    [InlineData("1é")]
    public void What_dpkg_refuses_is_refused(string text)
    {
        Assert.False(DebianVersion.TryParse(text, out _));
        Assert.NotEqual(0, text.Length == 0 ? 1 : Oracle.Run("dpkg", ["--validate-version", text]).ExitCode);
    }

    [Fact]
    public void The_order_is_dpkgs_on_thousands_of_pairs()
    {
        using TemporaryFolder folder = new();
        List<(string A, string B)> pairs = [("1.0", "1.00"), ("1", "1-0"), ("0:1", "1"), ("1.0a0", "1.0a00")];
        s_version.Select(s_version).Sample(pair => { lock (pairs) { pairs.Add(pair); } }, iter: 1500, threads: 1);
        File.WriteAllLines(folder["pairs"], pairs.Select(pair => $"{pair.A} {pair.B}"));
        string script = "while read -r a b; do if dpkg --compare-versions \"$a\" lt \"$b\"; then echo -1; elif dpkg --compare-versions \"$a\" eq \"$b\"; then echo 0; else echo 1; fi; done < \"$1\"";
        Oracle.Require("dpkg");

        string[] orders = Oracle.Succeed("sh", "-c", script, "sh", folder["pairs"]).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(pairs.Count, orders.Length);
        Assert.Contains("0", orders);
        Assert.All(pairs.Zip(orders), item => Assert.True(
            Math.Sign(Parse(item.First.A).CompareTo(Parse(item.First.B))) == int.Parse(item.Second), $"{item.First.A} ? {item.First.B}: dpkg says {item.Second}"));
    }

    private static DebianVersion Parse(string text)
    {
        Assert.True(DebianVersion.TryParse(text, out DebianVersion version), text);
        return version;
    }
}
