using System.Text;
using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Packages.Debian;

namespace Mantle.ImageBuilder.Tests.Packages.Debian;

public class DependencyParserTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("libc6 (>= 2.41), debconf (>= 0.5) | debconf-2.0", "libc6 (>= 2.41), debconf (>= 0.5) | debconf-2.0")]
    [InlineData(" a1(<<1:2~rc-3),\n b2 ( = 2 )|c3:any ", "a1 (<< 1:2~rc-3), b2 (= 2) | c3:any")]
    [InlineData("perl:amd64 (>> 5), x11 (<= 7)", "perl:amd64 (>> 5), x11 (<= 7)")]
    [InlineData("a1 [amd64], b2 [!amd64], c3 [i386 arm64] | d4 [any], e5 (>= 1) [linux-any]", "a1, d4, e5 (>= 1)")]
    public void Clauses_are_parsed(string text, string canonical) =>
        Assert.Equal(canonical, Print(DependencyParser.Parse(Encoding.UTF8.GetBytes(text), "amd64")));

    [Theory]
    [InlineData(",", "dependency: a package name is expected at offset 0x0")]
    [InlineData("a1,", "dependency: a package name is expected at offset 0x3")]
    [InlineData("a1 |", "dependency: a package name is expected at offset 0x4")]
    [InlineData("a1 b2", "dependency: \",\" or \"|\" is expected at offset 0x3")]
    [InlineData("a1 (> 1)", "dependency: \">\" is not a version operator at offset 0x4")]
    [InlineData("a1 (>= )", "dependency: a version is expected at offset 0x7")]
    [InlineData("a1 (>= 1", "dependency: \")\" is expected at offset 0x8")]
    [InlineData("a1 (>= 1-)", "dependency: \"1-\" is not a version at offset 0x7")]
    [InlineData("a1:", "dependency: an architecture is expected at offset 0x3")]
    [InlineData("a1 []", "dependency: an architecture is expected at offset 0x4")]
    [InlineData("a1 [amd64 !i386]", "dependency: architectures are either all negated or none at offset 0xa")]
    [InlineData("a1 <!nocheck>", "dependency: \",\" or \"|\" is expected at offset 0x3")]
    [InlineData("+a", "dependency: \"+a\" is not a package name at offset 0x0")]
    public void What_the_grammar_does_not_have_is_refused(string text, string error) =>
        Assert.Equal(error, Assert.Throws<MalformedInputException>(() => DependencyParser.Parse(Encoding.UTF8.GetBytes(text), "amd64")).Message);

    [Fact]
    public void Printing_and_parsing_again_gives_the_same() =>
        Gen.Char["ab19 ,|()<>=:[]!.-+~\n"].Array[0, 40].Sample(characters =>
        {
            try
            {
                string printed = Print(DependencyParser.Parse(Encoding.ASCII.GetBytes(characters), "amd64"));
                Assert.Equal(printed, Print(DependencyParser.Parse(Encoding.ASCII.GetBytes(printed), "amd64")));
            }
            catch (MalformedInputException)
            {
            }
        });

    [Fact]
    public void Any_bytes_are_parsed_or_malformed() => Gen.Byte.Array.Sample(bytes =>
    {
        try
        {
            DependencyParser.Parse(bytes, "amd64");
        }
        catch (MalformedInputException)
        {
        }
    });

    private static string Print(IReadOnlyList<IReadOnlyList<Relation>> clauses) =>
        string.Join(", ", clauses.Select(clause => string.Join(" | ", clause)));
}
