using Mantle.Measure;

namespace Mantle.ImageBuilder.Packages.Locking;

public sealed partial record LockFile
{
    /// <summary>Explains why a package is there: for each use a shortest chain from a package that the recipe names, one step a line of the result.</summary>
    /// <param name="name">Package name.</param>
    /// <returns>Per use, sorted: the name and the steps, for example <c>openssl is named by the recipe</c>, <c>openssl Depends libssl3t64</c>.</returns>
    /// <exception cref="UserErrorException">The lock has no such package.</exception>
    public IReadOnlyList<(string Use, IReadOnlyList<string> Steps)> Why(string name)
    {
        Dictionary<string, LockedPackage> packages = Packages.ToDictionary(package => package.Name, StringComparer.Ordinal);
        LockedPackage asked = packages.GetValueOrDefault(name)
            ?? throw new UserErrorException($"the lock has no package \"{name}\"", exitCode: ExitCode.Mismatch);
        List<(string, IReadOnlyList<string>)> chains = [];
        foreach (string use in asked.Uses)
        {
            List<string> steps = [];
            HashSet<string> seen = []; // an edited lock could go in circles
            for (LockedPackage? at = asked; at is not null && seen.Add(at.Name);)
            {
                string prefix = use + ": ";
                string reason = at.Why.FirstOrDefault(why => why.StartsWith(prefix, StringComparison.Ordinal))?[prefix.Length..] ?? "is there for no recorded reason";
                steps.Insert(0, reason == "recipe" ? $"{at.Name} is named by the recipe" : reason);
                at = reason == "recipe" ? null : packages.GetValueOrDefault(reason.Split(' ')[0]);
            }

            chains.Add((use, steps));
        }

        return chains;
    }
}
