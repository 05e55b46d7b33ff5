using Mantle.ImageBuilder.Packages.Debian;

namespace Mantle.ImageBuilder.Packages.Resolution;

/// <summary>The newest version of every package over all suites, and who provides what.</summary>
internal sealed class PackageUniverse
{
    private readonly Dictionary<string, IndexedPackage> _newest;
    private readonly Dictionary<string, List<(IndexedPackage Package, Relation Provided)>> _providers = new(StringComparer.Ordinal);
    private readonly string _architecture;

    /// <summary>Merges indexes; of equal versions the earlier index's is kept.</summary>
    public PackageUniverse(string architecture, IReadOnlyList<PackageIndex> indexes)
    {
        _architecture = architecture;
        _newest = new(indexes.Sum(index => index.Packages.Count), StringComparer.Ordinal);
        foreach (IndexedPackage package in indexes.SelectMany(index => index.Packages))
        {
            if (!_newest.TryGetValue(package.Name, out IndexedPackage? known) || package.Version.CompareTo(known.Version) > 0)
            {
                _newest[package.Name] = package;
            }
        }

        foreach (IndexedPackage package in _newest.Values)
        {
            foreach (Relation provided in package.Provides)
            {
                if (!_providers.TryGetValue(provided.Name, out List<(IndexedPackage, Relation)>? list))
                {
                    _providers.Add(provided.Name, list = []);
                }

                list.Add((package, provided));
            }
        }

        foreach (List<(IndexedPackage Package, Relation)> list in _providers.Values)
        {
            list.Sort((a, b) => a.Package.ProviderRank != b.Package.ProviderRank
                ? a.Package.ProviderRank - b.Package.ProviderRank
                : string.CompareOrdinal(a.Package.Name, b.Package.Name));
        }
    }

    /// <summary>The newest version of a package, or null.</summary>
    public IndexedPackage? Find(string name) => _newest.GetValueOrDefault(name);

    /// <summary>The packages that satisfy a relation, best first: the package of that name, then providers.</summary>
    public IEnumerable<IndexedPackage> Satisfying(Relation relation)
    {
        if (Find(relation.Name) is { } real && relation.Accepts(real.Version) && Suits(real, relation.Qualifier))
        {
            yield return real;
        }

        if (relation.Qualifier is not null && relation.Qualifier != _architecture)
        {
            yield break;
        }

        foreach ((IndexedPackage package, Relation provided) in _providers.GetValueOrDefault(relation.Name) ?? [])
        {
            // Debian Policy 7.5: a provided version is exact, and without one no versioned relation is satisfied.
            if (package.Name != relation.Name
                && (relation.Operator == VersionOperator.None || (provided.Operator == VersionOperator.Equal && relation.Accepts(provided.Version))))
            {
                yield return package;
            }
        }
    }

    /// <summary>Why nothing satisfies a relation, for an error.</summary>
    public string Describe(Relation relation)
    {
        IndexedPackage? real = Find(relation.Name);
        return real is null
            ? $"no suite has a package \"{relation.Name}\""
            : !Suits(real, relation.Qualifier)
                ? $"\"{relation.Name}\" cannot stand for \"{relation.Name}:{relation.Qualifier}\""
                : $"the newest \"{relation.Name}\" is {real.Version} ({real.Suite})";
    }

    private bool Suits(IndexedPackage package, string? qualifier) =>
        qualifier is null || qualifier == "native" || qualifier == _architecture || (qualifier == "any" && package.AnyAllowed);
}
