using System.Security.Cryptography;
using System.Text;
using Mantle.ImageBuilder.Packages.Archive;
using Mantle.ImageBuilder.Packages.Debian;
using Mantle.ImageBuilder.Packages.Locking;
using Mantle.ImageBuilder.Packages.Resolution;
using Mantle.Measure;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Packages.Resolution;

/// <summary>trixie's index as our own code fetches, checks and caches it.</summary>
internal sealed class RealIndex
{
    private readonly List<(string Name, string Paragraph, IndexedPackage Package)> _entries = [];
    private readonly ILookup<string, string> _providers;
    private readonly ILookup<string, IndexedPackage> _versions;

    private RealIndex(LockFile file)
    {
        foreach (LockedSuite suite in file.Suites)
        {
            byte[] text = File.ReadAllBytes(Path.Combine(BuildOutput.CacheFolder, suite.PackagesSha256));
            PackageIndex index = PackageIndex.Parse(suite.Name, "amd64", text);
            Indexes.Add(index);
            string[] paragraphs = Encoding.UTF8.GetString(text).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(index.Packages.Count, paragraphs.Length);
            _entries.AddRange(index.Packages.Zip(paragraphs, (package, paragraph) => (package.Name, paragraph, package)));
        }

        _versions = _entries.ToLookup(entry => entry.Name, entry => entry.Package, StringComparer.Ordinal);
        _providers = _entries.SelectMany(entry => entry.Package.Provides.Select(provided => (provided.Name, Provider: entry.Name)))
            .ToLookup(entry => entry.Name, entry => entry.Provider, StringComparer.Ordinal);
    }

    public List<PackageIndex> Indexes { get; } = [];

    public static async Task<RealIndex> FetchAsync()
    {
        try
        {
            using HttpClient client = new() { Timeout = TimeSpan.FromSeconds(120) };
            return new RealIndex(await Locker.LockAsync(
                new LockRequest
                {
                    Resolution = new ResolutionRequest
                    {
                        Architecture = "amd64", Suites = ["trixie", "trixie-updates", "trixie-security"], Uses = [new PackageUse { Name = "root", Roots = ["libc6"] }],
                    },
                    Mirror = MirrorSelection.Choose(null, null, Environment.GetEnvironmentVariable(MirrorSelection.EnvironmentVariable)),
                    KeyringFolder = Repository.PathOf("appliance", "keyrings"),
                    CacheFolder = BuildOutput.CacheFolder,
                    Clock = TimeProvider.System,
                },
                client, CancellationToken.None));
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or UserErrorException { Code: ExitCode.Environment })
        {
            Oracle.Missing($"the Debian mirror: {exception.Message}");
            throw;
        }
    }

    /// <summary>Package names in an order that looks random and stays when packages come and go.</summary>
    public IEnumerable<string> ShuffledNames() => _entries.Select(entry => entry.Name).Distinct()
        .OrderBy(name => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(name))), StringComparer.Ordinal);

    /// <summary>
    /// The part of the index that can matter for some packages: all versions of everything that any alternative or provider leads to. What is not
    /// in it can neither be installed nor conflict.
    /// </summary>
    public string Reachable(IEnumerable<string> roots)
    {
        HashSet<string> reached = new(StringComparer.Ordinal);
        Stack<string> pending = new(roots);
        while (pending.TryPop(out string? name))
        {
            if (!_versions.Contains(name) || !reached.Add(name))
            {
                continue;
            }

            foreach (Relation relation in _versions[name].SelectMany(package => package.Dependencies).SelectMany(dependency => dependency.Alternatives))
            {
                pending.Push(relation.Name);
                foreach (string provider in _providers[relation.Name])
                {
                    pending.Push(provider);
                }
            }
        }

        StringBuilder text = new();
        foreach ((_, string paragraph, _) in _entries.Where(entry => reached.Contains(entry.Name)))
        {
            text.Append(paragraph).Append("\n\n");
        }

        return text.ToString();
    }
}
