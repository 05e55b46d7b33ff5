using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using Mantle.Measure.Text;

namespace Mantle.Measure.Tests.Text;

public class GlobTests
{
    [Theory]
    [InlineData("/usr/share/doc", "usr/share/doc", true)]
    [InlineData("/usr/share/doc", "usr/share/doc/x", false)]
    [InlineData("/usr/lib/libnss_*", "usr/lib/libnss_dns.so", true)]
    [InlineData("/usr/lib/libnss_*", "usr/lib/libnss_dns/so", false)]
    [InlineData("/usr/**", "usr", false)]
    [InlineData("/usr/**", "usr/a/b", true)]
    [InlineData("/usr/**/b", "usr/b", true)]
    [InlineData("/usr/**/b", "usr/a/a/b", true)]
    [InlineData("/?/a.b", "x/a.b", true)]
    [InlineData("/?/a.b", "x/aXb", false)]
    public void Stars_stay_in_a_component_and_double_stars_span_them(string pattern, string path, bool matches) =>
        Assert.Equal(matches, new Glob(pattern).Matches(path));

    [Fact]
    public void Globs_agree_with_the_regular_expressions_that_define_them()
    {
        Gen<string> name = Gen.Int[0, 2].Select(i => "ab."[i]).Array[1, 4].Select(letters => new string(letters));
        Gen<string> part = Gen.Frequency((1, Gen.Const("**")), (4, Gen.Int[0, 4].Select(i => "ab.*?"[i]).Array[1, 4].Select(letters => new string(letters))));
        Gen.Select(part.Array[1, 5], name.Array[1, 6]).Sample(
            (parts, names) =>
            {
                string path = string.Join('/', names);
                Assert.Equal(Regex.IsMatch(path, Translate(parts), RegexOptions.CultureInvariant), new Glob("/" + string.Join('/', parts)).Matches(path));
            },
            iter: 20_000);
    }

    private static string Translate(string[] parts)
    {
        StringBuilder regex = new("^");
        for (int i = 0; i < parts.Length; i++)
        {
            bool last = i == parts.Length - 1;
            regex.Append(parts[i] == "**"
                ? last ? ".+" : "(?:[^/]+/)*"
                : Regex.Escape(parts[i]).Replace(@"\*", "[^/]*", StringComparison.Ordinal).Replace(@"\?", "[^/]", StringComparison.Ordinal) + (last ? "" : "/"));
        }

        return regex.Append("\\z").ToString();
    }
}
