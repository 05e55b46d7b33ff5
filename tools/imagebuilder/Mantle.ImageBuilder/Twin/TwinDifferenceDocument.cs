using System.Text.Encodings.Web;
using System.Text.Json;
using Mantle.ImageBuilder.Recipes;

namespace Mantle.ImageBuilder.Twin;

/// <summary>The file <c>debug-difference.json</c> (docs/debug-twin.md, docs/schemas/debug-difference.schema.json).</summary>
public static class TwinDifferenceDocument
{
    private const int Version = 1;

    /// <summary>Writes UTF-8 with LF, indented by two spaces, with a final LF.</summary>
    internal static void Write(Stream output, Recipe recipe, string sealedRootHash, string twinRootHash, IReadOnlyList<TwinChange> changes)
    {
        using (Utf8JsonWriter json = new(output, new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("name", recipe.Name);
            json.WriteString("release", recipe.Version);
            json.WriteString("sealedRootHash", sealedRootHash);
            json.WriteString("twinRootHash", twinRootHash);
            WriteChanges(json, changes);
            json.WriteEndObject();
        }

        output.WriteByte((byte)'\n');
    }

    /// <summary>Writes the member <c>changes</c>.</summary>
    public static void WriteChanges(Utf8JsonWriter json, IReadOnlyList<TwinChange> changes)
    {
        json.WriteStartArray("changes");
        foreach (TwinChange change in changes)
        {
            json.WriteStartObject();
            json.WriteString("part", change.Part);
            json.WriteString("name", change.Name);
            json.WriteString("change", change.Kind);
            json.WriteString("sealed", change.Sealed);
            json.WriteString("twin", change.Twin);
            json.WriteString("declaredBy", change.DeclaredBy);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
