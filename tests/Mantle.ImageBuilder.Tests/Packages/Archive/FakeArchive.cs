using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Packages.Archive;
using Mantle.ImageBuilder.Packages.Locking;
using Mantle.ImageBuilder.Packages.Resolution;
using Mantle.ImageBuilder.Tests.Packages.Resolution;
using Mantle.Testing;
using Org.BouncyCastle.Bcpg;

namespace Mantle.ImageBuilder.Tests.Packages.Archive;

/// <summary>A signed archive in a temporary folder, made and signed at run time.</summary>
internal sealed class FakeArchive : IDisposable
{
    public static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private readonly TemporaryFolder _folder = new();

    public FakeArchive() => Key.WriteTo(KeyringFolder);

    public TestKey Key { get; } = new();

    public string KeyringFolder => _folder["keyrings"];

    public string CacheFolder => _folder["cache"];

    public ArchiveMirror Mirror => new(new Uri(_folder["debian"]), new Uri(_folder["debian-security"]));

    public string PathOf(string suite, string path) => Mirror.Locate(suite, $"dists/{suite}/{path}").LocalPath;

    public string InRelease(string suite) => PathOf(suite, "InRelease");

    /// <summary>Writes a suite; <paramref name="edit"/> changes the Release before it is signed.</summary>
    public void Publish(
        string suite, string packages, DateTimeOffset? date = null, DateTimeOffset? validUntil = null, Func<string, string>? edit = null,
        TestKey[]? keys = null, HashAlgorithmTag hash = HashAlgorithmTag.Sha256, bool byHash = false)
    {
        DateTimeOffset released = date ?? Now.AddDays(-1);
        byte[] plain = Encoding.UTF8.GetBytes(ResolverTests.IndexText(packages));
        string plainPath = PathOf(suite, "main/binary-amd64/Packages");
        Directory.CreateDirectory(Path.GetDirectoryName(plainPath)!);
        File.WriteAllBytes(plainPath, plain);
        Oracle.Succeed("xz", "-kf", "--check=crc64", plainPath);
        File.Delete(plainPath);
        byte[] packed = File.ReadAllBytes(plainPath + ".xz");
        if (byHash)
        {
            string hashed = PathOf(suite, $"main/binary-amd64/by-hash/SHA256/{Sha256(packed)}");
            Directory.CreateDirectory(Path.GetDirectoryName(hashed)!);
            File.WriteAllBytes(hashed, packed);
        }

        string until = validUntil is null ? "" : $"Valid-Until: {Format(validUntil.Value)}\n";
        string prefix = suite.EndsWith("-security", StringComparison.Ordinal) ? "updates/" : "";
        string release = $"Origin: Test\nSuite: stable{suite["trixie".Length..]}\nCodename: {suite}\nDate: {Format(released)}\n{until}"
            + $"Acquire-By-Hash: {(byHash ? "yes" : "no")}\nArchitectures: all amd64\nComponents: {prefix}main {prefix}contrib\nSHA256:\n"
            + $" {Sha256(plain)} {plain.Length,8} main/binary-amd64/Packages\n {Sha256(packed)} {packed.Length,8} main/binary-amd64/Packages.xz\n";
        Write(suite, edit?.Invoke(release) ?? release, released, hash, keys ?? [Key]);
    }

    public void Write(string suite, string release, DateTimeOffset time, HashAlgorithmTag hash, TestKey[] keys)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(InRelease(suite))!);
        File.WriteAllText(InRelease(suite), keys.Length == 0 ? release : TestKey.ClearSign(release, time.UtcDateTime, hash, keys));
    }

    public Task<LockFile> LockAsync(ResolutionRequest request, LockFile? previous = null, ArchiveMirror? mirror = null, SnapshotLocator? snapshot = null, DateTimeOffset? now = null)
    {
        return Locker.LockAsync(
            new LockRequest
            {
                Resolution = request,
                Mirror = mirror ?? Mirror,
                Snapshot = snapshot,
                KeyringFolder = KeyringFolder,
                CacheFolder = CacheFolder,
                Previous = previous,
                Clock = new FixedClock(now ?? Now),
            },
            new HttpMessageInvoker(new HttpClientHandler(), disposeHandler: true),
            CancellationToken.None);
    }

    public void Dispose() => _folder.Dispose();

    private static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}

/// <summary>A clock that stands still.</summary>
internal sealed class FixedClock(DateTimeOffset now) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => now;
}
