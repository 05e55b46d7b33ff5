using Mantle.ImageBuilder.Packages.Resolution;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Tests.Packages.Resolution;

/// <summary>On archives drawn by lot, where every rule is hit often, apt installs what we lock.</summary>
public class AptOracleTests
{
    private const int ArchiveCount = 32;

    [Fact]
    public void On_generated_archives_apt_chooses_the_same_packages()
    {
        int installed = 0;
        for (int number = 0; number < ArchiveCount; number++)
        {
            GeneratedIndex all = GeneratedIndex.Number(number);
            Compare(all, number, (apt, ours) => (apt is null) == (ours is null));

            // What apt tries and gives up may stay in its plan, so the choices are compared where every package can be installed.
            installed += Compare(OnlyInstallable(all), number, (apt, ours) => apt == ours);
        }

        Assert.True(installed == ArchiveCount * 3, $"only {installed} sets could be installed");
    }

    private static int Compare(GeneratedIndex index, int number, Func<string?, string?, bool> agree)
    {
        using ScratchApt apt = new(ResolverTests.IndexText(index.Lines));
        int installed = 0;
        foreach (string[] roots in index.RootSets)
        {
            string? theirs = apt.Simulate(roots);
            string? ours = Ours(index, roots);
            Assert.True(agree(theirs, ours), $"archive {number}: {string.Join(' ', roots)}\napt:  {theirs}\nours: {ours}\n{index.Lines}");
            installed += theirs is null ? 0 : 1;
        }

        return installed;
    }

    private static GeneratedIndex OnlyInstallable(GeneratedIndex index)
    {
        while (true)
        {
            string kept = string.Join('\n', index.Lines.Split('\n').Where(line => Ours(index, [line.Split(' ')[0]]) is not null));
            if (kept == index.Lines)
            {
                // What was to be installed may be gone; another package takes its place.
                string[] names = [.. kept.Split('\n').Select(line => line.Split(' ')[0])];
                return index with { RootSets = [.. index.RootSets.Select(roots => (string[])[.. roots.Select(root => names.Contains(root) ? root : names[root[^1] % names.Length]).Order(StringComparer.Ordinal)])] };
            }

            index = index with { Lines = kept };
        }
    }

    private static string? Ours(GeneratedIndex index, string[] roots)
    {
        try
        {
            return string.Join(' ', Resolver.Resolve(
                new ResolutionRequest { Architecture = "amd64", Suites = ["trixie"], Uses = [new PackageUse { Name = "root", Roots = roots }] },
                [index.Parse()]).Select(package => $"{package.Name}={package.Version}"));
        }
        catch (UserErrorException)
        {
            return null;
        }
    }
}
