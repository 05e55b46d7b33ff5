namespace Mantle.ImageBuilder.Packages.Locking;

/// <summary>How two locks differ in their packages.</summary>
/// <param name="Added">Packages that only the second has.</param>
/// <param name="Removed">Packages that only the first has.</param>
/// <param name="Changed">Packages whose file differs.</param>
public sealed record LockDifference(
    IReadOnlyList<LockedPackage> Added, IReadOnlyList<LockedPackage> Removed, IReadOnlyList<(LockedPackage From, LockedPackage To)> Changed)
{
    /// <summary>Compares two locks.</summary>
    public static LockDifference Between(LockFile from, LockFile to)
    {
        Dictionary<string, LockedPackage> then = from.Packages.ToDictionary(package => package.Name, StringComparer.Ordinal);
        Dictionary<string, LockedPackage> now = to.Packages.ToDictionary(package => package.Name, StringComparer.Ordinal);
        return new LockDifference(
            [.. to.Packages.Where(package => !then.ContainsKey(package.Name))],
            [.. from.Packages.Where(package => !now.ContainsKey(package.Name))],
            [.. to.Packages.Where(package => then.TryGetValue(package.Name, out LockedPackage? old) && (old.Sha256, old.Version) != (package.Sha256, package.Version)).Select(package => (then[package.Name], package))]);
    }
}
