using Mantle.Measure;
using Mantle.Measure.Text;

namespace Mantle.ImageBuilder.Recipes;

/// <content>The key <c>debug</c>: what the twin has beyond the sealed image.</content>
public static partial class RecipeReader
{
    private static DebugRecipe? ReadDebug(string folder, YamlMap? map)
    {
        if (map is null)
        {
            return null;
        }

        YamlMap? packages = map.OptionalMap("packages");
        YamlMap? init = map.OptionalMap("init");
        DebugRecipe debug = new()
        {
            Packages = packages is null ? new([], []) : new(PackageNames(packages, "roots"), LeaveOut(packages)),
            MaintainerScripts = packages is null ? [] : [.. packages.Maps("maintainer-scripts").Select(ReadScripts)],
            Remove = map.Texts("remove", AbsolutePath),
            Files = [.. map.Maps("files").Select(file => ReadFile(folder, file))],
            Init = init is null ? null : Source(folder, init, "source"),
            CommandLine = [.. map.Maps("command-line").Select(ReadDebugWord)],
            Position = map.Position,
        };
        if (debug.MaintainerScripts.FirstOrDefault(scripts => scripts.Effect != "none") is { } scripts)
        {
            throw new UserErrorException($"{scripts.Position}: effect \"{scripts.Effect}\" would change a file of the sealed image; a twin only adds");
        }

        packages?.Finish();
        init?.Finish();
        map.Finish();
        return debug;
    }

    private static DebugWord ReadDebugWord(YamlMap map)
    {
        Func<string, string?> isWord = Matches(WordPattern(), "one printable word without space or quotes");
        DebugWord word = new(
            map.OptionalText("word", isWord), map.OptionalText("replaces", isWord),
            map.Text("reason", Matches(ReasonPattern(), "a sentence of at least ten characters")), map.Position);
        map.Finish();
        return word.Word is null && word.Replaces is null
            ? throw new UserErrorException($"{word.Position}: an entry of \"command-line\" needs \"word\", \"replaces\" or both")
            : word;
    }
}
