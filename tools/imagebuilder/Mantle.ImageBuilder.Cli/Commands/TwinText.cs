using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Twin;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary>What a build of the debug twin prints of its difference.</summary>
internal static class TwinText
{
    /// <summary>A line for each change: + added, - removed, ~ changed, and below it what declares it.</summary>
    public static void Write(TextWriter output, BuildResult result)
    {
        output.WriteLine($"DEBUG TWIN of the image with root hash {result.SealedRootHash}: never sign, bind or publish it");
        foreach (TwinChange change in result.TwinChanges)
        {
            char mark = change.Kind switch { "added" => '+', "removed" => '-', _ => '~' };
            output.WriteLine($"{mark} {change.Part,-12} {PrintedText.Escape(Shown(change))}");
            output.WriteLine($"  {"",-12} {PrintedText.Escape(change.DeclaredBy ?? "not declared")}");
        }

        output.WriteLine();
    }

    /// <summary>Writes the member <c>changes</c> as in debug-difference.json.</summary>
    public static void WriteJson(Utf8JsonWriter json, BuildResult result) => TwinDifferenceDocument.WriteChanges(json, result.TwinChanges);

    private static string Shown(TwinChange change) => (change.Part, change.Sealed, change.Twin) switch
    {
        ("root", _, _) => change.Name,
        (_, { } was, { } now) => $"{was} -> {now}",
        (_, { } was, null) => was,
        (_, _, { } now) => now,
        _ => change.Name,
    };
}
