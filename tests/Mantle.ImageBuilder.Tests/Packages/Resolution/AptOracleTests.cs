using System.Text;
using CsCheck;
using Mantle.ImageBuilder.Packages.Archive;
using Mantle.ImageBuilder.Packages.Locking;
using Mantle.ImageBuilder.Packages.Resolution;
using Mantle.Measure;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Packages.Resolution;

/// <summary>apt in a root of its own, where nothing is installed, chooses what we choose.</summary>
public sealed class AptOracleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void On_generated_indexes_apt_chooses_the_same_packages()
    {
        // Versions 1 to 3, names p10 to p39 and virtual packages v0 to v3: small enough that every rule is hit often.
        Gen<string> name = Gen.Int[10, 39].Select(i => $"p{i}");
        Gen<string> target = Gen.Frequency((6, name), (1, Gen.Int[0, 3].Select(i => $"v{i}")));
        Gen<string> relation = Gen.Select(target, Gen.OneOf("", "", "", " (>= 2)", " (= 1)", " (<< 3)", " (<= 2)", " (>> 1)"), (n, v) => n + v);
        Gen<string> clause = Gen.Frequency((3, relation), (1, Gen.Select(relation, relation, (a, b) => $"{a} | {b}")));
        Gen<string> fields = Gen.Select(
            clause.Array[0, 3], Gen.Select(Gen.Int[10, 14], Gen.OneOf("", " (>= 2)", " (<< 3)"), (i, v) => $"p{i}{v}").Array[0, 1],
            (depends, preDepends) => (depends.Length == 0 ? "" : "; Depends: " + string.Join(", ", depends)) + (preDepends.Length == 0 ? "" : "; Pre-Depends: " + preDepends[0]));

        // p10 to p14 need nothing and only they are pre-depended on: apt cannot order a circle with a Pre-Depends in it.
        // Five packages may provide each virtual one, all of different priority: between equals apt goes by the order inside its cache.
        string[] priorities = ["required", "important", "standard", "optional", "extra"];
        Gen<string> index = Gen.Select(Gen.Int[1, 3], fields, Gen.OneOf("", "", " (= 1)", " (= 2)", "none", "none")).Array[30].Select(packages => string.Join('\n', packages.Select((package, i) =>
            $"p{i + 10} {package.Item1} Priority: {priorities[i % 5]}{(i < 5 ? "" : package.Item2)}{(i >= 20 || package.Item3 == "none" ? "" : $"; Provides: v{i / 5}{package.Item3}")}")));

        int agreed = 0;
        index.Select(name.Array[1, 2].Array[3]).Sample(
            (lines, rootSets) =>
            {
                agreed += Compare(lines, rootSets, (apt, ours) => (apt is null) == (ours is null));

                // What apt tries and gives up may stay in its plan, so the choices are compared where every package can be installed.
                agreed += Compare(OnlyInstallable(lines), rootSets, (apt, ours) => apt == ours);
            },
            iter: 8, threads: 1);
        Assert.True(agreed > 5);
    }

    [Fact]
    public async Task On_the_real_index_apt_chooses_the_same_packages()
    {
        (LockFile locked, PackageIndex[] indexes) = await RealSuitesAsync();
        Assert.Contains(locked.Packages, package => package.Name == "zlib1g");
        string[] names = [.. indexes[0].Packages.Where(package => package.Architecture == "amd64").Select(package => package.Name)];
        List<string[]> samples = [["libc6", "libssl3t64", "ca-certificates", "tzdata"], ["binutils", "libc6-dev", "libgcc-14-dev"], ["systemd-boot-efi"], ["curl", "git", "python3"]];
        Gen.Int[0, names.Length - 1].Array[1, 2].Sample(picks => samples.Add([.. picks.Select(i => names[i])]), iter: 8, threads: 1);
        foreach (string[] roots in samples)
        {
            string? apt = Simulate(roots);
            string? ours = Ours(indexes, roots);
            Assert.True(apt == ours, $"{string.Join(' ', roots)}\napt:  {apt}\nours: {ours}");
        }
    }

    public void Dispose() => _folder.Dispose();

    private int Compare(string lines, string[][] rootSets, Func<string?, string?, bool> agree)
    {
        Publish(ResolverTests.IndexText(lines));
        int installed = 0;
        foreach (string[] roots in rootSets)
        {
            string? apt = Simulate(roots);
            string? ours = Ours(Index(lines), roots);
            Assert.True(agree(apt, ours), $"{string.Join(' ', roots)}\napt:  {apt}\nours: {ours}\n{lines}");
            installed += apt is null ? 0 : 1;
        }

        return installed;
    }

    private static string OnlyInstallable(string lines)
    {
        while (true)
        {
            string kept = string.Join('\n', lines.Split('\n').Where(line => Ours(Index(lines), [line.Split(' ')[0]]) is not null));
            if (kept == lines)
            {
                return lines;
            }

            lines = kept;
        }
    }

    private static PackageIndex[] Index(string lines) => [PackageIndex.Parse("trixie", "amd64", Encoding.UTF8.GetBytes(ResolverTests.IndexText(lines)))];

    private static string? Ours(PackageIndex[] indexes, string[] roots)
    {
        try
        {
            return string.Join(' ', Resolver.Resolve(
                new ResolutionRequest { Architecture = "amd64", Suites = [.. indexes.Select(index => index.Suite)], Uses = [new PackageUse { Name = "root", Roots = roots }] },
                indexes).Select(package => $"{package.Name}={package.Version}"));
        }
        catch (UserErrorException)
        {
            return null;
        }
    }

    /// <summary>Locks from the machine's mirror and keeps the indexes for apt; skips where there is no mirror.</summary>
    private async Task<(LockFile File, PackageIndex[] Indexes)> RealSuitesAsync()
    {
        try
        {
            using HttpClient client = new() { Timeout = TimeSpan.FromSeconds(120) };
            LockFile file = await Locker.LockAsync(
                new LockRequest
                {
                    Resolution = new ResolutionRequest
                    {
                        Architecture = "amd64", Suites = ["trixie", "trixie-updates", "trixie-security"], Uses = [new PackageUse { Name = "root", Roots = ["libssl3t64"] }],
                    },
                    Mirror = MirrorSelection.Choose(null, null, Environment.GetEnvironmentVariable(MirrorSelection.EnvironmentVariable)),
                    KeyringFolder = Repository.PathOf("appliance", "keyrings"),
                    CacheFolder = _folder["cache"],
                    Clock = TimeProvider.System,
                },
                client, CancellationToken.None);
            PackageIndex[] indexes = [.. file.Suites.Select(suite => PackageIndex.Parse(suite.Name, "amd64", File.ReadAllBytes(Path.Combine(_folder["cache"], suite.PackagesSha256))))];
            Publish([.. file.Suites.Select(suite => Path.Combine(_folder["cache"], suite.PackagesSha256))]);
            return (file, indexes);
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or UserErrorException { Code: ExitCode.Environment })
        {
            Assert.Skip($"NO MIRROR: {exception.Message}");
            throw;
        }
    }

    private void Publish(string packages)
    {
        File.WriteAllText(_folder["index"], packages);
        Publish([_folder["index"]]);
    }

    private void Publish(string[] indexes)
    {
        StringBuilder sources = new();
        foreach ((int i, string index) in indexes.Index())
        {
            Directory.CreateDirectory(_folder[$"repository{i}"]);
            File.Copy(index, Path.Combine(_folder[$"repository{i}"], "Packages"), overwrite: true);
            sources.Append($"deb [trusted=yes] file:{_folder[$"repository{i}"]} ./\n");
        }

        foreach (string folder in new[] { "etc/apt", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial", "var/lib/dpkg" })
        {
            Directory.CreateDirectory(_folder[folder]);
        }

        File.WriteAllText(_folder["etc/apt/sources.list"], sources.ToString());
        File.WriteAllText(_folder["var/lib/dpkg/status"], "");
        Directory.Delete(_folder["var/lib/apt/lists"], recursive: true);
        Directory.CreateDirectory(_folder["var/lib/apt/lists/partial"]);
        Oracle.Succeed("apt-get", [.. Options, "update"]);
    }

    /// <summary>The packages that apt would install, sorted, or null when it refuses.</summary>
    private string? Simulate(string[] roots)
    {
        (int exitCode, string output, _) = Oracle.Run("apt-get", [.. Options, "--simulate", "--no-install-recommends", "--yes", "install", .. roots]);
        return exitCode != 0 ? null : string.Join(' ', output.Split('\n')
            .Where(line => line.StartsWith("Inst ", StringComparison.Ordinal))
            .Select(line => line.Split(' '))
            .OrderBy(words => words[1], StringComparer.Ordinal)
            .Select(words => $"{words[1]}={words[2].TrimStart('(')}"));
    }

    private string[] Options =>
    [
        "-o", $"Dir={_folder.Root}", "-o", $"Dir::State::status={_folder["var/lib/dpkg/status"]}", "-o", "APT::Architecture=amd64", "-o", "APT::Architectures::=amd64",
        "-o", "APT::Sandbox::User=root", "-o", "Acquire::Languages=none", "-o", "Debug::NoLocking=1", "-o", "Dir::Etc::sourceparts=none",
    ];
}
