using System.Security.Cryptography;
using Mantle.ImageBuilder.Packages;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Packages.Cache;

/// <summary>A package of a few hundred kilobytes, and a cache to put it in.</summary>
internal sealed class CachedPackages : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _client = PackageFetcher.CreateClient();

    public CachedPackages()
    {
        Content = new byte[300_000];
        for (int i = 0; i < Content.Length; i++)
        {
            Content[i] = (byte)(SHA256.HashData(BitConverter.GetBytes(i / 32))[i % 32]);
        }

        Deb = MakeDeb("tool");
        Package = Lock("tool", Deb);
        Cache = new PackageCache(CachePath);
    }

    public byte[] Content { get; }

    public byte[] Deb { get; }

    public LockedPackage Package { get; }

    public PackageCache Cache { get; private set; }

    public string CachePath => _folder["cache"];

    public string BlobPath => Path.Combine(CachePath, "blobs", "sha256", Package.Sha256[..2], Package.Sha256);

    public string this[string name] => _folder[name];

    public byte[] MakeDeb(string name) => DebBuilder.Package(
        name,
        DebBuilder.Directory("./"),
        DebBuilder.Directory("./usr/"),
        DebBuilder.File($"./usr/{name}", Content),
        DebBuilder.File("./usr/" + new string('l', 150), name),
        DebBuilder.Symlink("./usr/link", name));

    public static LockedPackage Lock(string name, byte[] deb) => new()
    {
        Name = name,
        Version = "1.0-1",
        Architecture = "amd64",
        Suite = "trixie",
        Path = $"pool/main/t/{name}/{name}_1.0-1_amd64.deb",
        Size = deb.Length,
        Sha256 = Convert.ToHexStringLower(SHA256.HashData(deb)),
        Uses = ["root"],
        Why = ["root: recipe"],
    };

    /// <summary>Puts the .deb where a fetch would have put it.</summary>
    public void PutBlob()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(BlobPath)!);
        File.WriteAllBytes(BlobPath, Deb);
    }

    /// <summary>What the next run of the tool sees.</summary>
    public PackageCache Reopen()
    {
        Cache.Dispose();
        return Cache = new PackageCache(CachePath);
    }

    public PackageFetcher Fetcher(params Uri[] locations) => new(Cache, _client, _ => locations)
    {
        Delay = (_, _) => Task.CompletedTask,
        Attempts = 4,
        StallLimit = TimeSpan.FromSeconds(2),
    };

    public Task FetchAsync(params Uri[] locations) => Fetcher(locations).FetchAsync([Package], null, CancellationToken.None);

    public string Unpacked(string name) => Path.Combine(CachePath, "unpacked", Package.Sha256, name);

    public void Dispose()
    {
        Cache.Dispose();
        _client.Dispose();
        _folder.Dispose();
    }
}
