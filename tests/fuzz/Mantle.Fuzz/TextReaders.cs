using System.Text;
using Mantle.Fuzz.Seeds;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Packages.Archive;
using Mantle.ImageBuilder.Packages.Debian;
using Mantle.ImageBuilder.Packages.Locking;
using Mantle.ImageBuilder.Packages.Resolution;
using Mantle.ImageBuilder.Recipes;
using Mantle.ImageBuilder.Tests.Packages.Archive;
using Mantle.Measure;
using Mantle.Measure.Audit;
using Mantle.Measure.Audit.Rules;
using Mantle.Testing;
using Org.BouncyCastle.Bcpg;

namespace Mantle.Fuzz;

/// <summary>What an archive or a person writes.</summary>
internal static class TextReaders
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private static readonly IReadOnlyList<byte[]> s_json = Texts.Words(
        "null", "[]", "{}", "\"\"", "0", "-1", "1e9", "true", "[", "{\"a\":", "\\u0000", "\\ud800", "99999999999999999999", "/*", ",");

    private static readonly Lazy<(Keyring Keys, byte[] Signed)> s_signed = new(() =>
    {
        using TemporaryFolder folder = new();
        TestKey key = new();
        key.WriteTo(folder["keys"]);
        return (Keyring.Load(folder["keys"]), Texts.Bytes(TestKey.ClearSign(Texts.Release, s_now.UtcDateTime.AddDays(-1), HashAlgorithmTag.Sha256, key)));
    });

    private static readonly IReadOnlyList<byte[]> s_control = Texts.Words("\n", "\n ", "\n\n", ": ", "#", "\t", "Package: a\n", " .\n", "\r", "Size: ", "SHA256:");
    private static readonly IReadOnlyList<byte[]> s_armour = Texts.Words(
        "-----BEGIN PGP SIGNED MESSAGE-----\n", "-----BEGIN PGP SIGNATURE-----\n", "-----END PGP SIGNATURE-----\n", "Hash: SHA256\n", "- ", "\r\n", "\n\n", "=", "Date: ", "SHA256:\n");

    private static readonly IReadOnlyList<byte[]> s_relations = Texts.Words(", ", " | ", " (>= ", ")", " [amd64]", " [!amd64]", " <!nocheck>", ":any", "(<< 1)", "${a}");
    private static readonly string[] s_dependencies = ["libc6 (>= 2.38), zlib1g:any (= 1:1.2) [amd64 i386] | b, c", "a", "a [i386]"];
    private static readonly string[] s_versions = ["1", "2:1.0~rc1+b2-0.1", "3.5.4-1~deb13u1"];

    private static readonly IReadOnlyList<byte[]> s_yaml = Texts.Words("- ", ": ", "\n", "  ", "[", "]", "{", "}", "&a ", "*a", "!!str ", "|", ">", "\"", "'", "? ", "---\n", "...\n", "%YAML 1.2\n", "\t", "#", "<<: ", "null", "~");

    private const string SealRules = """
        format: 1
        rules:
          - id: TEST-001
            family: test
            severity: high
            title: A title of a rule
            why: A reason of a rule.
            fix: What to do about it.
            detect:
              - path: ["**/a*"]
                kind: [elf, text]
                contains: { any: ["needle"], none: ["\xFFabc"] }
                line: ["^a+(b|c)$"]
              - unit: { directive: ["Service.ExecStart=*x"], enabled: true }
              - account: { password: [usable] }
              - command-line: { word: ["a=*"], unless-last: ["b=1"] }
              - code: EspCompanion

        """;

    public static IReadOnlyList<FuzzReader> All { get; } =
    [
        new("control file", () => [Texts.Bytes(Texts.Control)], bytes => ControlParagraph.ReadAll(bytes, "control", comments: true)) { Words = s_control },
        new("packages index", () => [Texts.Bytes(Texts.Control[(Texts.Control.IndexOf('\n') + 1)..])], ReadIndex) { Words = s_control },
        new("release", () => [Texts.Bytes(Texts.Release)], bytes => Release.Parse(bytes)) { Words = s_control },
        new("clear-signed", () => [s_signed.Value.Signed], bytes => ClearSignedText.Parse(bytes)) { Words = s_armour },
        new("signed release", () => [s_signed.Value.Signed], bytes => new ReleaseVerifier(s_signed.Value.Keys, new FixedClock()).Verify(bytes, "trixie", "amd64"))
        {
            Refuses = BootReaders.IsRefusal,
            Words = s_armour,
        },
        new("dependency", () => [.. s_dependencies.Select(Texts.Bytes)], bytes => DependencyParser.Parse(bytes, "amd64")) { Words = s_relations },
        new("version", () => [.. s_versions.Select(Texts.Bytes)], bytes => DebianVersion.TryParse(Encoding.Latin1.GetString(bytes), out _)),
        new("seal rules", () => [Texts.Bytes(SealRules)], bytes => RuleSet.Parse("a.yaml", Encoding.UTF8.GetString(bytes)))
        {
            Refuses = problem => problem is UserErrorException,
            Words = s_yaml,
        },
        new("waivers", () => [Texts.Bytes("format: 1\nwaivers:\n  - rule: A-001\n    path: /a\n    reason: because it is so\n    owner: a\n    expires: 2026-01-01\n")],
            bytes => WaiverReader.Parse("a.yaml", Encoding.UTF8.GetString(bytes)))
        {
            Refuses = problem => problem is UserErrorException,
            Words = s_yaml,
        },
        new("recipe", () => [Texts.Bytes(Texts.Recipe)], bytes => RecipeReader.Parse("a.yaml", Encoding.UTF8.GetString(bytes)))
        {
            Refuses = problem => problem is UserErrorException,
            Words = s_yaml,
        },
        new("lock", () => [Lock()], bytes => LockFile.Parse(bytes)) { Words = s_json },
    ];

    private static void ReadIndex(byte[] bytes)
    {
        PackageIndex index = PackageIndex.Parse("trixie", "amd64", bytes);
        foreach (IndexedPackage package in index.Packages)
        {
            _ = package.Dependencies;
        }
    }

    private static byte[] Lock()
    {
        LockedPackage package = new()
        {
            Name = "app", Version = "1.0-1", Architecture = "amd64", Suite = "trixie", Path = "pool/a.deb", Size = 10, Sha256 = new string('a', 64), Uses = ["root"], Why = ["root: recipe"],
        };
        LockedSuite suite = new()
        {
            Name = "trixie", Codename = "trixie", Date = s_now, ValidUntil = s_now, ReleaseSha256 = new string('b', 64), PackagesSha256 = new string('c', 64), SignedBy = [new string('D', 40)],
        };
        ResolutionRequest request = new() { Architecture = "amd64", Suites = ["trixie"], Uses = [new() { Name = "root", Roots = ["app"], LeaveOut = [new("x", "no")] }] };
        return LockFile.Create(request, [suite], [package, package with { Name = "lib", Why = ["root: app Depends lib"] }]).ToBytes();
    }

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => s_now;
    }
}
