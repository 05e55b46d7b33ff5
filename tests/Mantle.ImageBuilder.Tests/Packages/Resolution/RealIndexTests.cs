using System.Collections.Concurrent;
using Mantle.ImageBuilder.Packages.Resolution;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Tests.Packages.Resolution;

/// <summary>On trixie's own index, apt installs what we lock.</summary>
public class RealIndexTests
{
    private const int SetCount = 210;

    /// <summary>Where apt and we may differ: what is depended on, and why.</summary>
    private static readonly Dictionary<string, string> s_explained = new(StringComparer.Ordinal)
    {
        ["php-json"] = "virtual; six packages of one priority provide it: apt takes what lies first in its cache, we take the first by name",
    };

    [Fact]
    public async Task For_210_sets_of_packages_apt_installs_what_we_lock()
    {
        RealIndex index = await RealIndex.FetchAsync();
        string[][] sets = Sets([.. index.ShuffledNames().Take(SetCount * 2)]);
        using ScratchApt apt = new(index.Reachable(sets.SelectMany(set => set)));
        PackageUniverse universe = new("amd64", index.Indexes);
        (string? Packages, string Problem)[] ours = [.. sets.Select(set => (Ours(universe, set, out string problem), problem))];
        ConcurrentBag<string> differences = [];
        int installed = 0;
        // No more threads than cores: they wait for apt, and the servers of other tests need threads of the same pool.
        Parallel.For(0, sets.Length, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, i =>
        {
            string? theirs = apt.Simulate(sets[i]);
            if (theirs is not null)
            {
                Interlocked.Increment(ref installed);
            }

            if (theirs != ours[i].Packages && !IsExplained(universe, ours[i].Packages))
            {
                differences.Add(
                    $"{string.Join(' ', sets[i])}\n  apt only:  {Beyond(theirs, ours[i].Packages)}\n  ours only: {Beyond(ours[i].Packages, theirs)} {ours[i].Problem}");
            }
        });

        Assert.True(differences.IsEmpty, $"{differences.Count} of {sets.Length} differ\n{string.Join('\n', differences.Order(StringComparer.Ordinal))}");
        Assert.True(installed >= 200, $"apt installs only {installed} of {sets.Length} sets");
    }

    /// <summary>One, two or three packages in turn, sorted: a recipe's order decides nothing, the order on apt's command line sometimes does.</summary>
    private static string[][] Sets(string[] names)
    {
        List<string[]> sets = [];
        for (int at = 0; sets.Count < SetCount; at += sets[^1].Length)
        {
            sets.Add([.. names[at..(at + 1 + (sets.Count % 3))].Order(StringComparer.Ordinal)]);
        }

        return [.. sets];
    }

    private static string? Ours(PackageUniverse universe, string[] roots, out string problem)
    {
        problem = "";
        try
        {
            return string.Join(' ', new UseResolver(universe, new PackageUse { Name = "root", Roots = roots }).Resolve().Keys
                .OrderBy(package => package.Name, StringComparer.Ordinal).Select(package => $"{package.Name}={package.Version}"));
        }
        catch (UserErrorException exception)
        {
            problem = exception.Message;
            return null;
        }
    }

    private static bool IsExplained(PackageUniverse universe, string? packages) => (packages ?? "").Split(' ').Select(package => universe.Find(package.Split('=')[0]))
        .Any(package => package?.Dependencies.Any(dependency => dependency.Alternatives.Any(relation => s_explained.ContainsKey(relation.Name))) == true);

    private static string Beyond(string? some, string? others) =>
        some is null ? "refused" : string.Join(' ', some.Split(' ').Except((others ?? "").Split(' ')));
}
