using System.Text.Encodings.Web;
using System.Text.Json;

namespace Mantle.Measure.Comparison;

/// <summary>A comparison for machines: the same facts as the text, every difference.</summary>
public static class ComparisonJson
{
    /// <summary>The version that is written.</summary>
    public const int Version = 1;

    /// <summary>Writes UTF-8 with LF, indented by two spaces, with a final LF.</summary>
    public static void Write(ImageComparison comparison, Stream output)
    {
        JsonWriterOptions options = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (Utf8JsonWriter json = new(output, options))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteBoolean("equal", comparison.AreEqual);
            if (comparison.First is { } first)
            {
                json.WritePropertyName("first");
                Write(json, first);
            }

            List(json, "differences", comparison.Differences, difference => Write(json, difference));
            List(json, "notes", comparison.Notes, json.WriteStringValue);
            List(json, "inputs", comparison.Inputs, input => WriteChange(json, input.Name, input.A, input.B));
            List(json, "packages", comparison.Packages, package => WriteChange(json, package.Name, package.A, package.B));
            List(json, "pcrs", comparison.Pcrs, pcr => Write(json, pcr));
            json.WriteEndObject();
        }

        output.WriteByte((byte)'\n');
    }

    private static void Write(Utf8JsonWriter json, Difference difference)
    {
        json.WriteStartObject();
        json.WriteString("place", difference.Place);
        json.WriteString("field", difference.Field);
        json.WriteString("kind", difference.Kind switch
        {
            DifferenceKind.Added => "added",
            DifferenceKind.Removed => "removed",
            _ => "changed",
        });
        json.WriteString("a", difference.A);
        json.WriteString("b", difference.B);
        if (difference.Bytes is { } bytes)
        {
            json.WriteStartObject("bytes");
            json.WriteNumber("offset", bytes.Offset);
            json.WriteNumber("window", bytes.WindowStart);
            json.WriteString("a", Convert.ToHexStringLower(bytes.A.Span));
            json.WriteString("b", Convert.ToHexStringLower(bytes.B.Span));
            json.WriteEndObject();
        }

        json.WriteString("cause", difference.Cause.Name());
        json.WriteString("evidence", difference.Evidence);
        json.WriteEndObject();
    }

    private static void WriteChange(Utf8JsonWriter json, string name, string? a, string? b)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("a", a);
        json.WriteString("b", b);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, PcrMovement pcr)
    {
        json.WriteStartObject();
        json.WriteNumber("index", pcr.Index);
        json.WriteString("a", pcr.A);
        json.WriteString("b", pcr.B);
        if (pcr.Moves is { } moves)
        {
            json.WriteBoolean("moves", moves);
        }
        else
        {
            json.WriteNull("moves");
        }

        List(json, "reasons", pcr.Reasons, json.WriteStringValue);
        json.WriteEndObject();
    }

    private static void List<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> items, Action<T> write)
    {
        json.WriteStartArray(name);
        foreach (T item in items)
        {
            write(item);
        }

        json.WriteEndArray();
    }
}
