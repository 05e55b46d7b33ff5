using System.Text;
using CsCheck;
using Mantle.ImageBuilder.Packages.Resolution;

namespace Mantle.ImageBuilder.Tests.Packages.Resolution;

/// <summary>
/// An archive of thirty packages whose relations are drawn by lot: versions 1 to 3, names p10 to p39 and virtual packages v0 to v3, few enough that
/// every rule is hit often. The same number gives the same archive.
/// </summary>
/// <param name="Lines">A package a line, in the form that <see cref="ResolverTests.IndexText"/> reads.</param>
/// <param name="RootSets">What is asked for, three times, sorted: a recipe's order decides nothing, the order on apt's command line sometimes does.</param>
internal sealed record GeneratedIndex(string Lines, string[][] RootSets)
{
    private static readonly Gen<(string Lines, string[][] RootSets)> s_archive = Archive();

    public static GeneratedIndex Number(int number)
    {
        (string lines, string[][] rootSets) = s_archive.Generate(new PCG(1, (ulong)number), null, out _);
        return new(lines, [.. rootSets.Select(roots => (string[])[.. roots.Order(StringComparer.Ordinal)])]);
    }

    public PackageIndex Parse() => PackageIndex.Parse("trixie", "amd64", Encoding.UTF8.GetBytes(ResolverTests.IndexText(Lines)));

    private static Gen<(string, string[][])> Archive()
    {
        Gen<string> name = Gen.Int[10, 39].Select(i => $"p{i}");
        Gen<string> target = Gen.Frequency((6, name), (1, Gen.Int[0, 3].Select(i => $"v{i}")));
        Gen<string> relation = Gen.Select(target, Gen.OneOf("", "", "", " (>= 2)", " (= 1)", " (<< 3)", " (<= 2)", " (>> 1)"), (n, v) => n + v);
        Gen<string> clause = Gen.Frequency((3, relation), (1, Gen.Select(relation, relation, (a, b) => $"{a} | {b}")));
        Gen<string> preDepends = Gen.Select(Gen.Int[10, 14], Gen.OneOf("", " (>= 2)", " (<< 3)"), (i, v) => $"p{i}{v}");
        Gen<string> fields = Gen.Select(
            clause.Array[0, 3],
            preDepends.Array[0, 1],
            (depends, preDepends) => (depends.Length == 0 ? "" : "; Depends: " + string.Join(", ", depends)) + (preDepends.Length == 0 ? "" : "; Pre-Depends: " + preDepends[0]));

        // p10 to p14 need nothing and only they are pre-depended on: apt cannot order a circle with a Pre-Depends in it.
        // Five packages may provide each virtual one, all of different priority: between equals apt goes by the order inside its cache.
        string[] priorities = ["required", "important", "standard", "optional", "extra"];
        Gen<string> lines = Gen.Select(Gen.Int[1, 3], fields, Gen.OneOf("", "", " (= 1)", " (= 2)", "none", "none")).Array[30].Select(packages => string.Join('\n', packages.Select((package, i) =>
            $"p{i + 10} {package.Item1} Priority: {priorities[i % 5]}{(i < 5 ? "" : package.Item2)}{(i >= 20 || package.Item3 == "none" ? "" : $"; Provides: v{i / 5}{package.Item3}")}")));
        return Gen.Select(lines, name.Array[1, 2].Array[3]);
    }
}
