using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Recipes;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Tree;

/// <summary>
/// No maintainer script ever runs. What a script would have done is declared in the recipe after a person has read it; an undeclared script, or
/// one that has changed since, is an error and never silence.
/// </summary>
public static partial class MaintainerScripts
{
    // What dpkg runs or acts on when a package is installed for the first time (Debian Policy 6.5). prerm and postrm never run in an image.
    private static readonly string[] s_installTime = ["preinst", "postinst", "config", "triggers"];

    /// <summary>
    /// SHA-256 over the scripts that run at installation. Runs of digits count as one <c>N</c>, so that a version number written into a
    /// script does not make it another script. Null: the package has nothing that acts at installation.
    /// </summary>
    public static string? Digest(IReadOnlyDictionary<string, byte[]> control)
    {
        StringBuilder all = new();
        foreach (string name in s_installTime)
        {
            if (control.TryGetValue(name, out byte[]? script) && !IsLibraryCacheTrigger(name, script))
            {
                all.Append(name).Append('\0').Append(DigitRuns().Replace(Encoding.Latin1.GetString(script), "N")).Append('\0');
            }
        }

        return all.Length == 0 ? null : Convert.ToHexStringLower(SHA256.HashData(Encoding.Latin1.GetBytes(all.ToString())));
    }

    /// <summary>The declared effect of each package that has scripts; refuses what is undeclared, changed, or declared for nothing.</summary>
    public static IReadOnlyList<MaintainerScript> Match(Recipe recipe, IReadOnlyList<UnpackedPackage> packages) =>
        Match(recipe.Path, "packages", recipe.MaintainerScripts, packages);

    /// <summary>The same for the packages that only the debug twin has.</summary>
    public static IReadOnlyList<MaintainerScript> MatchTwin(Recipe recipe, IReadOnlyList<UnpackedPackage> packages) =>
        Match(recipe.Path, "debug.packages", recipe.Debug?.MaintainerScripts ?? [], packages);

    private static List<MaintainerScript> Match(
        string recipePath, string key, IReadOnlyList<MaintainerScript> declarations, IReadOnlyList<UnpackedPackage> packages)
    {
        List<MaintainerScript> matched = [];
        foreach (UnpackedPackage package in packages)
        {
            string name = package.Package.Name;
            string? digest = Digest(package.Control);
            MaintainerScript? declared = declarations.FirstOrDefault(s => s.Package == name);
            if (digest is null)
            {
                continue;
            }

            if (declared is null || declared.Digest != digest)
            {
                string where = declared is null ? recipePath : declared.Position;
                throw new UserErrorException(
                    $"{where}: package \"{name}\" {package.Package.Version} has maintainer scripts ({Names(package)}) "
                    + (declared is null ? "whose effect is not declared" : "that are not the ones declared"),
                    $"read them (dpkg-deb --ctrl-tarfile), then declare package, effect, reason and sha256 {digest} under {key}.maintainer-scripts");
            }

            matched.Add(declared);
        }

        MaintainerScript? stale = declarations.FirstOrDefault(s => !matched.Contains(s));
        return stale is null
            ? matched
            : throw new UserErrorException(
                $"{stale.Position}: package \"{stale.Package}\" is not in the root or has no maintainer script", "remove the entry");
    }

    private static string Names(UnpackedPackage package) => string.Join(", ", s_installTime.Where(package.Control.ContainsKey));

    // The loader of Debian's libc looks into /usr/lib/<triplet> without a cache; nothing has to be done for this trigger.
    private static bool IsLibraryCacheTrigger(string name, byte[] script) =>
        name == "triggers" && Encoding.Latin1.GetString(script).Split('\n')
            .All(line => line.Trim() is "" or "activate-noawait ldconfig" || line.StartsWith('#'));

    [GeneratedRegex("[0-9]+")]
    private static partial Regex DigitRuns();
}
