using System.Net;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Packages.Archive;
using Mantle.ImageBuilder.Packages.Locking;
using Mantle.ImageBuilder.Packages.Resolution;
using Mantle.Measure;
using Org.BouncyCastle.Bcpg;

namespace Mantle.ImageBuilder.Tests.Packages.Archive;

public sealed class LockerTests : IDisposable
{
    private const string Packages = "app 1 Depends: lib\nlib 1";
    private readonly FakeArchive _archive = new();

    [Fact]
    public async Task Suites_of_both_archives_are_locked_with_the_newest_versions()
    {
        _archive.Publish("trixie", Packages);
        _archive.Publish("trixie-security", "lib 1+deb13u1", validUntil: FakeArchive.Now.AddDays(3));

        LockFile file = await _archive.LockAsync(Request("trixie", "trixie-security"));

        Assert.Equal(["app 1 trixie pool/app_1.deb", "lib 1+deb13u1 trixie-security pool/lib_1+deb13u1.deb"], file.Packages.Select(p => $"{p.Name} {p.Version} {p.Suite} {p.Path}"));
        Assert.Equal([_archive.Key.Fingerprint], file.Suites[0].SignedBy);
        Assert.Null(file.Suites[0].ValidUntil);
        Assert.Equal(FakeArchive.Now.AddDays(3), file.Suites[1].ValidUntil);
        Assert.DoesNotContain("mantle-test", Encoding.UTF8.GetString(file.ToBytes()));
    }

    [Fact]
    public async Task A_suite_may_be_named_by_suite_or_by_codename()
    {
        _archive.Publish("trixie", Packages, edit: release => release.Replace("Codename: trixie", "Codename: other").Replace("Suite: stable", "Suite: trixie"));
        Assert.Equal("other", (await _archive.LockAsync(Request("trixie"))).Suites[0].Codename);
    }

    [Fact]
    public async Task A_second_lock_reads_no_index_from_the_mirror_and_a_corrupted_cache_entry_is_fetched_again()
    {
        _archive.Publish("trixie", Packages);
        byte[] first = (await _archive.LockAsync(Request("trixie"))).ToBytes();
        string index = _archive.PathOf("trixie", "main/binary-amd64/Packages.xz");
        File.Move(index, index + ".away");
        Assert.Equal(first, (await _archive.LockAsync(Request("trixie"))).ToBytes());

        string entry = Assert.Single(Directory.GetFiles(_archive.CacheFolder));
        byte[] content = File.ReadAllBytes(entry);
        content[0] ^= 1;
        File.WriteAllBytes(entry, content);
        File.Move(index + ".away", index);
        Assert.Equal(first, (await _archive.LockAsync(Request("trixie"))).ToBytes());
    }

    [Fact]
    public async Task A_mirror_in_the_middle_of_an_update_is_read_by_hash()
    {
        _archive.Publish("trixie", Packages, byHash: true);
        File.WriteAllText(_archive.PathOf("trixie", "main/binary-amd64/Packages.xz"), "the next state's index");
        Assert.Equal(2, (await _archive.LockAsync(Request("trixie"))).Packages.Count);
    }

    [Fact]
    public async Task An_index_that_the_mirror_no_longer_has_comes_from_the_snapshot_archive()
    {
        _archive.Publish("trixie", Packages, date: new DateTimeOffset(2026, 11, 21, 9, 15, 44, TimeSpan.Zero));
        string index = _archive.PathOf("trixie", "main/binary-amd64/Packages.xz");
        string snapshots = Path.Combine(_archive.CacheFolder, "..", "snapshots");
        string kept = Path.Combine(snapshots, "20261121T151544Z", "dists/trixie/main/binary-amd64/Packages.xz");
        Directory.CreateDirectory(Path.GetDirectoryName(kept)!);
        File.Move(index, kept);

        Assert.Equal("the mirror has no \"dists/trixie/main/binary-amd64/Packages.xz\", which its Release names", (await Refused(Request("trixie"))).Message);
        LockFile file = await _archive.LockAsync(Request("trixie"), snapshot: new SnapshotLocator(new Uri(Path.GetFullPath(snapshots))));
        Assert.Equal(2, file.Packages.Count);
    }

    [Fact]
    public async Task An_archive_behind_http_is_read_and_its_errors_are_named()
    {
        _archive.Publish("trixie", Packages);
        using LoopbackServer server = new(_archive.Mirror.Main.LocalPath);
        ArchiveMirror mirror = new(server.Address, server.Address);
        Assert.Equal(2, (await _archive.LockAsync(Request("trixie"), mirror: mirror)).Packages.Count);

        UserErrorException missing = await Assert.ThrowsAsync<UserErrorException>(() => _archive.LockAsync(Request("trixie-updates"), mirror: mirror));
        Assert.Equal($"the mirror has no suite \"trixie-updates\": \"{server.Address}dists/trixie-updates/InRelease\" does not exist", missing.Message);
        server.Status = HttpStatusCode.InternalServerError;
        UserErrorException failed = await Assert.ThrowsAsync<UserErrorException>(() => _archive.LockAsync(Request("trixie"), mirror: mirror));
        Assert.EndsWith("answers with 500", failed.Message);
    }

    [Fact]
    public async Task A_tampered_index_is_refused()
    {
        _archive.Publish("trixie", Packages);
        string index = _archive.PathOf("trixie", "main/binary-amd64/Packages.xz");
        byte[] content = File.ReadAllBytes(index);
        content[^20] ^= 1;
        File.WriteAllBytes(index, content);
        Assert.Matches("^\"file://.*Packages.xz\" has SHA-256 [0-9a-f]{64}, the Release says [0-9a-f]{64}$", (await Refused(Request("trixie"))).Message);

        File.WriteAllBytes(index, content[..^1]);
        Assert.Matches("^\"file://.*Packages.xz\" has [0-9,]+ bytes, the Release says [0-9,]+$", (await Refused(Request("trixie"))).Message);
    }

    [Fact]
    public async Task An_index_that_unpacks_to_something_else_than_the_Release_says_is_refused()
    {
        string[] lines = [];
        _archive.Publish("trixie", Packages, edit: release =>
        {
            lines = release.Split('\n');
            int plain = Array.FindIndex(lines, line => line.EndsWith("/Packages", StringComparison.Ordinal));
            lines[plain] = " " + new string('a', 64) + lines[plain][65..];
            return string.Join('\n', lines);
        });
        Assert.Equal("\"main/binary-amd64/Packages.xz\" of \"trixie\" does not decompress to the \"main/binary-amd64/Packages\" that the Release names", (await Refused(Request("trixie"))).Message);
    }

    [Fact]
    public async Task A_tampered_Release_is_refused()
    {
        _archive.Publish("trixie", Packages);
        File.WriteAllText(_archive.InRelease("trixie"), File.ReadAllText(_archive.InRelease("trixie")).Replace("Origin: Test", "Origin: Tess"));
        Assert.Equal(
            $"Release of \"trixie\" refused: the signature by key {_archive.Key.Fingerprint} ({_archive.Key.Owner}) is bad: the file was changed after it was signed",
            (await Refused(Request("trixie"))).Message);
    }

    [Fact]
    public async Task An_unsigned_Release_is_refused()
    {
        _archive.Publish("trixie", Packages, keys: []);
        MalformedInputException refused = await Assert.ThrowsAsync<MalformedInputException>(() => _archive.LockAsync(Request("trixie")));
        Assert.Equal("inrelease: the file is not clear-signed: it does not start with \"-----BEGIN PGP SIGNED MESSAGE-----\" at offset 0x0", refused.Message);
    }

    [Fact]
    public async Task An_expired_Release_is_refused_and_one_from_the_future_too()
    {
        _archive.Publish("trixie", Packages, validUntil: FakeArchive.Now.AddSeconds(-1));
        Assert.Equal("Release of \"trixie\" refused: it expired at 2026-11-23 11:59:59Z", (await Refused(Request("trixie"))).Message);
        _archive.Publish("trixie", Packages, date: FakeArchive.Now.AddMinutes(5), edit: null);
        UserErrorException future = await Refused(Request("trixie"));
        Assert.Contains("in the future", future.Message);
    }

    [Fact]
    public async Task A_Release_older_than_the_lock_has_seen_is_refused()
    {
        _archive.Publish("trixie", Packages);
        LockFile newer = await _archive.LockAsync(Request("trixie"));
        Assert.Equal(2, (await _archive.LockAsync(Request("trixie"), newer)).Packages.Count);
        _archive.Publish("trixie", Packages, date: FakeArchive.Now.AddDays(-2));
        Assert.Equal(
            "Release of \"trixie\" refused: it is dated 2026-11-21 12:00:00Z, older than the one of 2026-11-22 12:00:00Z that the lock was made from",
            (await Refused(Request("trixie"), newer)).Message);
    }

    [Theory]
    [InlineData("Codename: trixie", "Codename: sid", "the mirror answers with suite \"stable\", codename \"sid\"")]
    [InlineData("Architectures: all amd64", "Architectures: all arm64", "it has no architecture \"amd64\", only all, arm64")]
    [InlineData("Components: main contrib", "Components: contrib", "it has no component \"main\"")]
    public async Task A_Release_for_something_else_is_refused(string from, string to, string problem)
    {
        _archive.Publish("trixie", Packages, edit: release => release.Replace(from, to));
        Assert.Equal($"Release of \"trixie\" refused: {problem}", (await Refused(Request("trixie"))).Message);
    }

    [Theory]
    [InlineData("Date: Sun, 22 Nov 2026", "Date: 2026-11-22", "Date \"2026-11-22 12:00:00 UTC\" is not a date in UTC")]
    [InlineData("SHA256:", "SHA512:", "field \"SHA256\" is missing")]
    [InlineData("Origin: Test\n", "Origin: Test\n\n", "a Release is one paragraph, not 2")]
    [InlineData("Origin: Test\n", "Suite: a\n", "field \"Suite\" occurs twice")]
    public async Task A_malformed_Release_is_refused(string from, string to, string problem)
    {
        _archive.Publish("trixie", Packages, edit: release => release.Replace(from, to));
        Assert.Equal(problem, (await Assert.ThrowsAsync<MalformedInputException>(() => _archive.LockAsync(Request("trixie")))).Problem);
    }

    [Fact]
    public async Task A_signature_with_a_weak_hash_does_not_count()
    {
        _archive.Publish("trixie", Packages, hash: HashAlgorithmTag.Sha1);
        Assert.Contains("signed with the weak hash Sha1", (await Refused(Request("trixie"))).Message);
    }

    [Fact]
    public async Task A_stranger_signature_is_refused_alone_and_ignored_beside_a_good_one()
    {
        TestKey stranger = new("Stranger <x@invalid>");
        _archive.Publish("trixie", Packages, keys: [stranger]);
        Assert.Equal($"Release of \"trixie\" refused: no signature counts: key {stranger.Fingerprint[^16..]} is not in the keyring", (await Refused(Request("trixie"))).Message);
        _archive.Publish("trixie", Packages, keys: [stranger, _archive.Key]);
        Assert.Equal([_archive.Key.Fingerprint], (await _archive.LockAsync(Request("trixie"))).Suites[0].SignedBy);
    }

    [Fact]
    public async Task A_suite_that_is_not_a_name_is_refused() =>
        Assert.Equal("\"../x\" is not a suite", (await Refused(Request("../x"))).Message);

    [Fact]
    public async Task A_missing_keyring_is_refused()
    {
        Directory.Delete(_archive.KeyringFolder, recursive: true);
        Assert.EndsWith("holds no key", (await Refused(Request("trixie"))).Message);
    }

    public void Dispose() => _archive.Dispose();

    private static ResolutionRequest Request(params string[] suites) => new()
    {
        Architecture = "amd64",
        Suites = suites,
        Uses = [new PackageUse { Name = "root", Roots = ["app"] }],
    };

    private Task<UserErrorException> Refused(ResolutionRequest request, LockFile? previous = null) =>
        Assert.ThrowsAsync<UserErrorException>(() => _archive.LockAsync(request, previous));
}
