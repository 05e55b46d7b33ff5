using System.Text;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Packages.Resolution;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Tests.Packages.Resolution;

public class ResolverTests
{
    [Fact]
    public void The_closure_over_Depends_and_Pre_Depends_is_locked_but_not_Recommends() =>
        Assert.Equal("app base helper", Names("app", """
            app 1 Depends: helper; Recommends: extra
            helper 1 Pre-Depends: base (>= 2)
            base 2
            extra 1
            """));

    [Fact]
    public void Essential_packages_are_not_implied() => Assert.Equal("app", Names("app", "app 1\nessential 1 Essential: yes"));

    [Theory]
    [InlineData("app", "app first")] // the first that can be satisfied
    [InlineData("app second", "app second")] // one that is there already
    public void An_alternative_that_is_chosen_already_wins_over_the_first(string roots, string expected) =>
        Assert.Equal(expected, Names(roots, "app 1 Depends: missing | first | second\nfirst 1\nsecond 1"));

    [Fact]
    public void An_alternative_that_cannot_be_closed_is_taken_back() =>
        Assert.Equal("app good", Names("app", "app 1 Depends: bad | good\nbad 1 Depends: half, missing\nhalf 1\ngood 1"));

    [Theory]
    [InlineData("virtual", "app provider")]
    [InlineData("virtual (= 3)", "app versioned")]
    [InlineData("virtual (>= 2)", "app versioned")]
    public void A_virtual_package_is_satisfied_by_a_provider_of_a_fitting_version(string dependency, string expected) =>
        Assert.Equal(expected, Names("app", $"app 1 Depends: {dependency}\nprovider 9 Provides: virtual\nversioned 1 Provides: virtual (= 3)"));

    [Fact]
    public void A_real_package_comes_before_its_providers_and_a_better_priority_before_the_alphabet()
    {
        Assert.Equal("app real", Names("app", "app 1 Depends: real\nother 1 Provides: real\nreal 1"));
        Assert.Equal("app zz", Names("app", "app 1 Depends: virtual\naa 1 Provides: virtual; Priority: optional\nzz 1 Provides: virtual; Priority: required"));
    }

    [Fact]
    public void The_newest_version_of_all_suites_is_taken_and_of_equal_ones_the_first_suites()
    {
        IReadOnlyList<LockedPackage> locked = Resolve(Use("app lib same"), Index("trixie", "app 1\nlib 1.0\nsame 5"), Index("trixie-security", "lib 1.0+deb13u1\napp 0.9\nsame 5"));

        Assert.Equal(["app 1 trixie", "lib 1.0+deb13u1 trixie-security", "same 5 trixie"], locked.Select(p => $"{p.Name} {p.Version} {p.Suite}"));
    }

    [Theory]
    [InlineData("lib:any", "Multi-Arch: allowed", true)]
    [InlineData("lib:any", "Multi-Arch: same", false)]
    [InlineData("lib:amd64", "Multi-Arch: same", true)]
    [InlineData("lib:i386", "Multi-Arch: same", false)]
    public void Architecture_qualifiers_are_obeyed(string dependency, string multiArch, bool satisfied)
    {
        string index = $"app 1 Depends: {dependency}\nlib 1 {multiArch}";
        if (satisfied)
        {
            Assert.Equal("app lib", Names("app", index));
        }
        else
        {
            Assert.StartsWith($"cannot resolve use \"root\": app Depends {dependency}, but \"lib\" cannot stand for", Error("app", index));
        }
    }

    [Theory]
    [InlineData("app 1 Depends: mid\nmid 1 Depends: low\nlow 1 Depends: gone (>= 2)", "cannot resolve use \"root\": app -> mid -> low Depends gone (>= 2), but no suite has a package \"gone\"")]
    [InlineData("app 1 Depends: old (>= 2)\nold 1.9", "cannot resolve use \"root\": app Depends old (>= 2), but the newest \"old\" is 1.9 (trixie)")]
    [InlineData("app 1 Depends: a1 | b1", "cannot resolve use \"root\": app Depends a1 | b1, but no suite has a package \"a1\" and no suite has a package \"b1\"")]
    [InlineData("other 1", "use \"root\" asks for package \"app\", which no suite has")]
    [InlineData("app 1 Depends: lib, foe\nlib 1\nfoe 1 Conflicts: lib", "cannot resolve use \"root\": app: \"foe\" Conflicts lib, and \"lib\" 1 is needed too")]
    [InlineData("app 1 Depends: lib, foe\nlib 1 Breaks: foe (<< 2)\nfoe 1", "cannot resolve use \"root\": app: \"lib\" Breaks foe (<< 2), and \"foe\" 1 is needed too")]
    public void What_cannot_be_resolved_is_one_line_with_the_chain(string index, string error) => Assert.Equal(error, Error("app", index));

    [Fact]
    public void A_package_may_conflict_with_what_it_provides_itself() =>
        Assert.Equal("app", Names("app", "app 1 Provides: mta; Conflicts: mta; Breaks: app (<< 1)"));

    [Fact]
    public void A_left_out_dependency_satisfies_the_clause_that_names_it_first()
    {
        const string Index = "app 1 Depends: debconf (>= 0.5) | debconf-2.0, lib\ndebconf 1 Depends: perl\ncdebconf 1 Provides: debconf-2.0\nlib 1\nperl 1";
        Assert.Equal("app lib", Names("app", Index, "debconf"));
        Assert.Equal("app debconf lib perl", Names("app", Index));
        Assert.Equal("app debconf lib", Names("app", Index, "perl"));
    }

    [Fact]
    public void Leaving_out_the_provider_leaves_out_the_virtual_package() =>
        Assert.Equal("app", Names("app", "app 1 Depends: virtual\nprovider 1 Provides: virtual", "provider"));

    [Fact]
    public void Leaving_out_what_nothing_needs_is_refused()
    {
        Assert.Equal("use \"root\" leaves out \"kmod\", which nothing in it needs", Error("app", "app 1\nkmod 1", "kmod"));
        Assert.Equal("use \"root\" leaves out \"second\", which nothing in it needs", Error("app", "app 1 Depends: first | second\nfirst 1\nsecond 1", "second"));
        Assert.Equal("use \"root\" both asks for package \"app\" and leaves it out", Error("app", "app 1", "app"));
    }

    [Fact]
    public void Each_use_is_closed_on_its_own_and_packages_name_their_uses_and_shortest_reasons()
    {
        IReadOnlyList<LockedPackage> locked = Resolver.Resolve(
            new ResolutionRequest { Architecture = "amd64", Suites = ["trixie"], Uses = [Use("app"), Use("tool", "toolchain")] },
            [Index("trixie", "app 1 Depends: mid, virt\nmid 1 Depends: deep\ndeep 1 Depends: shared\nshared 1 Provides: virt\ntool 1 Pre-Depends: shared (>= 1)")]);

        LockedPackage shared = locked.Single(package => package.Name == "shared");
        Assert.Equal(["root", "toolchain"], shared.Uses);
        Assert.Equal(["root: app Depends virt provided by shared", "toolchain: tool Pre-Depends shared (>= 1)"], shared.Why);
        Assert.Equal(["root: recipe"], locked.Single(package => package.Name == "app").Why);
    }

    [Fact]
    public void The_order_of_index_and_recipe_does_not_matter()
    {
        string[] lines = ["app 1 Depends: v1 | v2, x1 | y1", "pa 1 Provides: v1; Depends: y1", "pb 1 Provides: v1", "x1 1", "y1 1", "zz 1 Depends: x1"];
        string forward = Describe(Resolve(Use("app zz"), Index("trixie", string.Join('\n', lines))));
        string backward = Describe(Resolve(Use("zz app"), Index("trixie", string.Join('\n', lines.Reverse()))));

        Assert.Equal(forward, backward);
    }

    [Fact]
    public void A_chain_of_thousands_of_packages_and_a_circle_are_no_problem()
    {
        string index = string.Join('\n', Enumerable.Range(1000, 4000).Select(i => $"p{i} 1 Depends: p{(i == 4999 ? 1000 : i + 1)}"));
        Assert.Equal(4000, Resolve(Use("p1000"), Index("trixie", index)).Count);
    }

    [Theory]
    [InlineData("Filename: pool/x.deb", "Filename: ../x.deb", "path \"../x.deb\" of package \"app\" leaves the archive")]
    [InlineData("Filename: pool/x.deb", "Filename: /x.deb", "path \"/x.deb\" of package \"app\" leaves the archive")]
    [InlineData("Size: 5", "Size: -5", "size of package \"app\" is not a number of bytes")]
    [InlineData("SHA256: ", "SHA512: ", "package \"app\" has no SHA-256")]
    [InlineData("Package: app", "Package: App", "\"App\" is not a package name")]
    [InlineData("Architecture: amd64", "Architecture: arm64", "package \"app\" is for \"arm64\" in an index for amd64")]
    [InlineData("Version: 1", "Version: 1-", "\"1-\" is not a version")]
    [InlineData("Size: 5", "Size: 5\nSize: 5", "field \"Size\" occurs twice")]
    public void A_malformed_package_is_refused(string from, string to, string problem)
    {
        string text = $"Package: app\nVersion: 1\nArchitecture: amd64\nFilename: pool/x.deb\nSize: 5\nSHA256: {new string('a', 64)}\n".Replace(from, to, StringComparison.Ordinal);
        MalformedInputException exception = Assert.Throws<MalformedInputException>(() => Resolve(Use("app"), PackageIndex.Parse("trixie", "amd64", Encoding.UTF8.GetBytes(text))));
        Assert.Equal(problem, exception.Problem);
    }

    /// <summary>An index from lines "name version Field: value; Field: value".</summary>
    internal static string IndexText(string lines)
    {
        StringBuilder text = new();
        foreach (string line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] words = line.Split(' ', 3);
            text.Append($"Package: {words[0]}\nVersion: {words[1]}\nArchitecture: amd64\nMaintainer: nobody <nobody@invalid>\nDescription: test\n");
            text.Append($"Filename: pool/{words[0]}_{words[1]}.deb\nSize: 1000\nSHA256: {new string('a', 64)}\n");
            foreach (string field in words.Length < 3 ? [] : words[2].Split("; "))
            {
                text.Append(field).Append('\n');
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    private static PackageIndex Index(string suite, string lines) => PackageIndex.Parse(suite, "amd64", Encoding.UTF8.GetBytes(IndexText(lines)));

    private static PackageUse Use(string roots, string name = "root", string leaveOut = "") => new()
    {
        Name = name,
        Roots = roots.Split(' '),
        LeaveOut = [.. leaveOut.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(package => new LeftOutDependency(package, "test"))],
    };

    private static IReadOnlyList<LockedPackage> Resolve(PackageUse use, params PackageIndex[] indexes) =>
        Resolver.Resolve(new ResolutionRequest { Architecture = "amd64", Suites = [.. indexes.Select(index => index.Suite)], Uses = [use] }, indexes);

    private static string Names(string roots, string index, string leaveOut = "") =>
        string.Join(' ', Resolve(Use(roots, leaveOut: leaveOut), Index("trixie", index)).Select(package => package.Name));

    private static string Error(string roots, string index, string leaveOut = "") =>
        Assert.Throws<UserErrorException>(() => Names(roots, index, leaveOut)).Message;

    private static string Describe(IEnumerable<LockedPackage> packages) =>
        string.Join('\n', packages.Select(package => $"{package.Name} {string.Join(", ", package.Why)}"));
}
