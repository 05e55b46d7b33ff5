using Mantle.ImageBuilder.Boot;
using Mantle.ImageBuilder.Recipes;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Twin;

/// <summary>The twin's kernel command line: the sealed image's, with the changes that the recipe declares.</summary>
public static class TwinCommandLine
{
    // What finds and starts process 1 and its root stays, in the twin too: it would be another machine otherwise.
    private static readonly string[] s_refused = ["init", "rdinit", "root", "roothash", "initrd", "rootfstype", "rootflags", "dm_mod.create"];

    /// <summary>Applies the changes.</summary>
    /// <param name="words">The words of the sealed image with the root hash of either.</param>
    /// <param name="changes">The recipe's changes.</param>
    /// <exception cref="UserErrorException">A change replaces what is not there, or leaves a sealing word beside its opposite.</exception>
    public static IReadOnlyList<string> Apply(IReadOnlyList<string> words, IReadOnlyList<DebugWord> changes)
    {
        List<string> result = [.. words];
        foreach (DebugWord change in changes)
        {
            foreach (string word in new[] { change.Word, change.Replaces }.OfType<string>())
            {
                if (Array.Exists(s_refused, refused => refused == NameOf(word)))
                {
                    throw new UserErrorException($"{change.Position}: the word \"{word}\" belongs to the builder, in the twin too", "take it out of the recipe");
                }
            }

            if (change.Replaces is null)
            {
                result.Add(change.Word!);
                continue;
            }

            int at = result.IndexOf(change.Replaces);
            if (at < 0 || !words.Contains(change.Replaces))
            {
                throw new UserErrorException(
                    $"{change.Position}: the sealed image's command line has no word \"{change.Replaces}\" to replace",
                    $"its words are {string.Join(' ', words.Where(word => !word.StartsWith("roothash=", StringComparison.Ordinal)))}");
            }

            result.RemoveAt(at);
            if (change.Word is not null)
            {
                result.Insert(at, change.Word);
            }
        }

        RefuseContradictions(result, changes);
        return result;
    }

    // Of two words with one name the kernel takes the last, or both: nobody should have to know which.
    private static void RefuseContradictions(List<string> result, IReadOnlyList<DebugWord> changes)
    {
        foreach (DebugWord change in changes.Where(change => change.Word is not null))
        {
            string? beside = CommandLine.Sealing.Select(sealing => sealing.Word).FirstOrDefault(
                sealing => NameOf(sealing) == NameOf(change.Word!) && sealing != change.Word && result.Contains(sealing));
            if (beside is not null)
            {
                throw new UserErrorException($"{change.Position}: \"{change.Word}\" would stand beside the sealing word \"{beside}\"", $"say \"replaces: {beside}\"");
            }
        }
    }

    // The kernel takes a hyphen for an underscore in names of parameters.
    private static string NameOf(string word) => word.Split('=')[0].ToLowerInvariant().Replace('-', '_');
}
