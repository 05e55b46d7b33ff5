using System.Text;
using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Packages.Locking;
using Mantle.ImageBuilder.Packages.Resolution;
using Mantle.Measure;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Packages.Locking;

public class LockFileTests
{
    private static readonly ResolutionRequest s_request = Request(["app", "lib"], ["kmod"]);

    [Fact]
    public void Reading_what_was_written_gives_the_same_bytes()
    {
        using TemporaryFolder folder = new();
        LockFile file = Sample();
        file.Write(folder["a.lock.json"]);

        byte[] bytes = File.ReadAllBytes(folder["a.lock.json"]);
        Assert.Equal(bytes, LockFile.Read(folder["a.lock.json"]).ToBytes());
        string text = Encoding.UTF8.GetString(bytes);
        Assert.StartsWith("{\n  \"version\": 1,\n  \"inputs\": {\n    \"architecture\": \"amd64\",\n", text);
        Assert.EndsWith("  ]\n}\n", text);
        Assert.DoesNotContain('\r', text);
        Assert.Contains("\"date\": \"2026-11-21T09:15:44Z\"", text);
        Assert.Contains("\"root: app Depends lib (>= 1+b1)\"", text);
        Assert.DoesNotContain("validUntil", text);
        Assert.DoesNotContain("because", text);
        Assert.Equal(["a.lock.json"], Directory.GetFiles(folder.Root).Select(Path.GetFileName));
    }

    [Fact]
    public void A_recipe_in_another_order_with_other_reasons_is_answered() => Sample().CheckAgainst(Request(["lib", "app"], ["kmod"], "another reason"));

    [Fact]
    public void A_stale_lock_names_what_changed()
    {
        Assert.Equal(
            "the lock is stale: recipe adds root package \"curl\"; recipe removes root package \"lib\"; recipe adds \"perl\" to what root leaves out; recipe removes \"kmod\" from what root leaves out",
            Stale(Request(["app", "curl"], ["perl"])));
        Assert.Equal("the lock is stale: recipe adds suite \"trixie-security\"", Stale(s_request with { Suites = ["trixie", "trixie-security"] }));
        Assert.Equal("the lock is stale: recipe changes the architecture from \"amd64\" to \"arm64\"", Stale(s_request with { Architecture = "arm64" }));
        Assert.Equal("the lock is stale: recipe adds use \"kernel\"", Stale(s_request with { Uses = [.. s_request.Uses, new PackageUse { Name = "kernel", Roots = ["linux"] }] }));
        Assert.Equal(ExitCode.Mismatch, Assert.Throws<UserErrorException>(() => Sample().CheckAgainst(Request(["app"], []))).Code);
    }

    [Theory]
    [InlineData("\"version\": 1,", "\"version\": 2,", "version 2 of the lock is not known, only 1")]
    [InlineData("\"kmod\"", "\"udev\"", "\"inputsSha256\" is not the checksum of \"inputs\": the lock was edited by hand")]
    [InlineData("\"path\": \"pool/lib.deb\"", "\"path\": \"../lib.deb\"", "package \"lib\": path \"../lib.deb\" leaves the archive")]
    [InlineData("\"size\": 7", "\"size\": -7", "package \"lib\": size -7 is not positive")]
    [InlineData("\"version\": \"2\"", "\"version\": \"2-\"", "package \"lib\": \"2-\" is not a version")]
    [InlineData("\"name\": \"app\",\n      \"version\"", "\"name\": \"zzz\",\n      \"version\"", "packages \"zzz\" and \"lib\" are not in order")]
    [InlineData("\"name\": \"app\",\n      \"version\"", "\"name\": \"lib\",\n      \"version\"", "packages \"lib\" and \"lib\" are not in order")]
    public void A_lock_with_a_wrong_value_is_refused(string from, string to, string problem) =>
        Assert.Equal(problem, Assert.Throws<MalformedInputException>(() => LockFile.Parse(Edited(from, to))).Problem);

    [Theory]
    [InlineData("\"version\": 1,", "\"version\": 1, \"extra\": 1,")]
    [InlineData("\"version\": 1,", "\"version\": 1, \"version\": 1,")]
    [InlineData("\"version\": 1,", "")]
    [InlineData("\"size\": 7,", "")]
    [InlineData("\"size\": 7,", "\"size\": null,")]
    [InlineData("\"size\": 7,", "\"size\": \"7\",")]
    [InlineData("2026-11-21T09:15:44Z", "2026-11-21T09:15:44+00:00")]
    [InlineData("}\n", "}\n}\n")]
    public void JSON_that_is_not_the_lock_is_refused_with_line_and_column(string from, string to) =>
        Assert.Matches("^line [0-9]+, column [0-9]+: ", Assert.Throws<MalformedInputException>(() => LockFile.Parse(Edited(from, to))).Problem);

    [Fact]
    public void A_missing_or_broken_lock_names_the_file_and_the_command()
    {
        using TemporaryFolder folder = new();
        Assert.Equal("write it with \"imagebuilder lock\"", Assert.Throws<UserErrorException>(() => LockFile.Read(folder["none"])).Hint);
        File.WriteAllText(folder["broken"], "null");
        Assert.Equal($"{folder["broken"]}: the lock is null", Assert.Throws<UserErrorException>(() => LockFile.Read(folder["broken"])).Message);
    }

    [Fact]
    public void Damaged_bytes_are_a_lock_or_malformed()
    {
        byte[] good = Sample().ToBytes();
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte).Sample((at, value) =>
        {
            byte[] damaged = [.. good];
            damaged[at] = value;
            Survive(damaged);
            Survive(good[..at]);
        });
        Gen.Byte.Array.Sample(Survive);
    }

    [Fact]
    public void Why_is_the_chain_from_the_recipe()
    {
        (string use, IReadOnlyList<string> steps) = Assert.Single(Sample().Why("lib"));
        Assert.Equal("root", use);
        Assert.Equal(["app is named by the recipe", "app Depends lib (>= 1+b1)"], steps);
        Assert.Equal("the lock has no package \"curl\"", Assert.Throws<UserErrorException>(() => Sample().Why("curl")).Message);
    }

    [Fact]
    public void Two_locks_differ_in_added_removed_and_changed_packages()
    {
        LockFile older = Sample();
        LockFile newer = older with { Packages = [older.Packages[1] with { Version = "3", Sha256 = new string('c', 64) }, Package("new", "1", 'd')] };
        LockDifference difference = LockDifference.Between(older, newer);
        Assert.Equal("new", Assert.Single(difference.Added).Name);
        Assert.Equal("app", Assert.Single(difference.Removed).Name);
        Assert.Equal(("2", "3"), (Assert.Single(difference.Changed).From.Version, difference.Changed[0].To.Version));
    }

    private static void Survive(byte[] bytes)
    {
        try
        {
            LockFile.Parse(bytes);
        }
        catch (MalformedInputException)
        {
        }
    }

    private static string Stale(ResolutionRequest request) => Assert.Throws<UserErrorException>(() => Sample().CheckAgainst(request)).Message;

    private static byte[] Edited(string from, string to)
    {
        string text = Encoding.UTF8.GetString(Sample().ToBytes());
        int at = text.LastIndexOf(from, StringComparison.Ordinal);
        Assert.True(at >= 0, from);
        return Encoding.UTF8.GetBytes(text[..at] + to + text[(at + from.Length)..]);
    }

    private static LockFile Sample() => LockFile.Create(
        s_request,
        [
            new LockedSuite
            {
                Name = "trixie", Codename = "trixie", Date = new DateTimeOffset(2026, 11, 21, 9, 15, 44, TimeSpan.Zero), ReleaseSha256 = new string('a', 64),
                PackagesSha256 = new string('b', 64), SignedBy = ["0123456789ABCDEF0123456789ABCDEF01234567"],
            },
        ],
        [Package("app", "1:1.0-1", 'a'), Package("lib", "2", 'b') with { Size = 7, Why = ["root: app Depends lib (>= 1+b1)"] }]);

    private static LockedPackage Package(string name, string version, char hash) => new()
    {
        Name = name, Version = version, Architecture = "amd64", Suite = "trixie", Path = $"pool/{name}.deb", Size = 5, Sha256 = new string(hash, 64), Uses = ["root"], Why = ["root: recipe"],
    };

    private static ResolutionRequest Request(string[] roots, string[] leaveOut, string reason = "because") => new()
    {
        Architecture = "amd64",
        Suites = ["trixie"],
        Uses = [new PackageUse { Name = "root", Roots = roots, LeaveOut = [.. leaveOut.Select(package => new LeftOutDependency(package, reason))] }],
    };
}
