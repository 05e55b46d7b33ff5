using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Packages.Archive;
using Mantle.Measure;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Packages.Archive;

/// <summary>The archive's own InRelease files: gpgv and we agree on who signed them, and that a changed one is refused.</summary>
public sealed class RealReleaseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("trixie")]
    [InlineData("trixie-updates")]
    [InlineData("trixie-security")]
    public async Task Gpgv_finds_the_signatures_that_we_find(string suite)
    {
        byte[] file = await FetchAsync(suite);
        VerifiedRelease release = new ReleaseVerifier(Keyring.Load(KeyringFolder), TimeProvider.System).Verify(file, suite, "amd64");

        Assert.Equal(Gpgv(file), release.SignedBy);
        Assert.NotEmpty(release.SignedBy);

        int date = file.AsSpan().IndexOf("\nDate: "u8) + 7;
        foreach (int at in new[] { date, file.Length / 2, file.AsSpan().IndexOf("\n-----BEGIN PGP SIGNATURE"u8) - 1 })
        {
            byte[] changed = [.. file];
            changed[at] ^= 1;
            Assert.Empty(Gpgv(changed));
            Exception refusal = Assert.ThrowsAny<Exception>(() => new ReleaseVerifier(Keyring.Load(KeyringFolder), TimeProvider.System).Verify(changed, suite, "amd64"));
            Assert.True(refusal is UserErrorException or MalformedInputException, refusal.ToString());
        }
    }

    public void Dispose() => _folder.Dispose();

    private static string KeyringFolder => Repository.PathOf("appliance", "keyrings");

    private static async Task<byte[]> FetchAsync(string suite)
    {
        ArchiveMirror mirror = MirrorSelection.Choose(null, null, Environment.GetEnvironmentVariable(MirrorSelection.EnvironmentVariable));
        try
        {
            using HttpClient client = PackageFetcher.CreateClient();
            return await new ArchiveFiles(client).FindAsync(mirror.Locate(suite, $"dists/{suite}/InRelease"), 1 << 24, CancellationToken.None)
                ?? throw new HttpRequestException($"the mirror has no {suite}");
        }
        catch (Exception exception) when (exception is HttpRequestException or UserErrorException { Code: ExitCode.Environment })
        {
            Oracle.Missing($"the Debian mirror: {exception.Message}");
            throw;
        }
    }

    /// <summary>
    /// The primary keys whose signatures gpgv finds valid, sorted; none when it finds a bad one. Its exit code says too little: it is an error too that
    /// the archive signs with the key of another release as well, which is not in the keyring.
    /// </summary>
    private string[] Gpgv(byte[] file)
    {
        File.WriteAllBytes(_folder["InRelease"], file);
        IEnumerable<string> keyrings = Directory.EnumerateFiles(KeyringFolder, "*.gpg").SelectMany(key => new[] { "--keyring", key });
        string[] status = Oracle.Run("gpgv", ["--homedir", _folder.Root, "--status-fd", "1", .. keyrings, _folder["InRelease"]]).Output.Split('\n');
        if (status.Any(line => line.StartsWith("[GNUPG:] BADSIG ", StringComparison.Ordinal)))
        {
            return [];
        }

        // VALIDSIG ends in the fingerprint of the primary key (doc/DETAILS of GnuPG).
        return
        [
            .. status.Where(line => line.StartsWith("[GNUPG:] VALIDSIG ", StringComparison.Ordinal)).Select(line => line.TrimEnd().Split(' ')[^1])
                .Distinct().Order(StringComparer.Ordinal),
        ];
    }
}
