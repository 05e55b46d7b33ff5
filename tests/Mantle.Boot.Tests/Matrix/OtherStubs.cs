using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Packages.Archive;
using Mantle.ImageBuilder.Packages.Locking;
using Mantle.Measure;
using Mantle.Testing;

namespace Mantle.Boot.Tests.Matrix;

/// <summary>
/// systemd's stubs as other releases of Debian have them today, locked and fetched by our own code. The keys are those that the host trusts: the image's
/// own keyring knows one release alone.
/// </summary>
internal static class OtherStubs
{
    public const string Bookworm = "bookworm";
    public const string BookwormBackports = "bookworm-backports";

    private const string Keyrings = "/usr/share/keyrings";

    private const string StubPath = "usr/lib/systemd/boot/efi/linuxx64.efi.stub";

    /// <summary>The stub of a release.</summary>
    public static byte[] Of(string suite) => OfAsync(suite).GetAwaiter().GetResult();

    private static async Task<byte[]> OfAsync(string suite)
    {
        using TemporaryFolder keyring = new();
        foreach (string file in Directory.GetFiles(Keyrings, "debian-archive-*-*.gpg"))
        {
            File.Copy(file, keyring[Path.GetFileName(file)]);
        }

        using HttpClient client = PackageFetcher.CreateClient();
        using PackageCache cache = new(BuildOutput.CacheFolder);
        try
        {
            ArchiveMirror mirror = MirrorSelection.Choose(null, null, Environment.GetEnvironmentVariable(MirrorSelection.EnvironmentVariable));
            LockFile file = await Locker.LockAsync(
                new()
                {
                    Resolution = new() { Architecture = "amd64", Suites = [suite], Uses = [new() { Name = "stub", Roots = ["systemd-boot-efi"] }] },
                    Mirror = mirror,
                    KeyringFolder = keyring.Root,
                    CacheFolder = BuildOutput.CacheFolder,
                    Clock = TimeProvider.System,
                },
                client,
                CancellationToken.None);
            await new PackageFetcher(cache, client, package => [mirror.Locate(package.Suite, package.Path)]).FetchAsync(file.Packages, null, CancellationToken.None);
            return file.Packages.SelectMany(package => cache.Open(package).Files.Walk()).Single(entry => entry.Path == StubPath).Node.Content.ToArray();
        }
        catch (Exception exception) when (exception is HttpRequestException or UserErrorException { Code: ExitCode.Environment })
        {
            Oracle.Missing($"the Debian mirror: {exception.Message}");
            throw;
        }
    }
}
