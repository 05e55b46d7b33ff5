using Mantle.Measure;

namespace Mantle.ImageBuilder.Packages.Resolution;

/// <summary>From what a recipe asks for to the packages that are locked. The same request and indexes give the same packages.</summary>
public static class Resolver
{
    /// <summary>Resolves every use of a request.</summary>
    /// <param name="request">What the recipe asks for.</param>
    /// <param name="indexes">The suites' indexes in the order of the request.</param>
    /// <returns>The packages, sorted by name.</returns>
    /// <exception cref="UserErrorException">The request cannot be satisfied; the message names the chain.</exception>
    /// <exception cref="Formats.Bytes.MalformedInputException">A package that is needed has a malformed field.</exception>
    public static IReadOnlyList<LockedPackage> Resolve(ResolutionRequest request, IReadOnlyList<PackageIndex> indexes)
    {
        PackageUniverse universe = new(request.Architecture, indexes);
        SortedDictionary<string, (IndexedPackage Package, List<string> Uses, List<string> Why)> merged = new(StringComparer.Ordinal);
        foreach (PackageUse use in request.Uses)
        {
            foreach ((IndexedPackage package, string why) in new UseResolver(universe, use).Resolve())
            {
                if (!merged.TryGetValue(package.Name, out var entry))
                {
                    merged.Add(package.Name, entry = (package, [], []));
                }

                entry.Uses.Add(use.Name);
                entry.Why.Add(why);
            }
        }

        List<LockedPackage> locked = [];
        foreach ((IndexedPackage package, List<string> uses, List<string> why) in merged.Values)
        {
            uses.Sort(StringComparer.Ordinal);
            why.Sort(StringComparer.Ordinal);
            locked.Add(package.Lock(uses, why));
        }

        return locked;
    }
}
