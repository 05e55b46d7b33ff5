using System.Text.Encodings.Web;
using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Measure.KeyPolicy.Documents;

namespace Mantle.Measure.Release.Documents;

/// <summary>
/// JSON that has one encoding only: UTF-8, LF, indented by two spaces, members in the order of the document's description, a final LF. What is signed or
/// logged is compared by digest, so a second encoding of the same meaning would be a second document.
/// </summary>
internal static class CanonicalJson
{
    private static readonly JsonWriterOptions s_options = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions s_lineOptions = s_options with { Indented = false };

    /// <summary>Writes one object.</summary>
    public static byte[] Write(Action<Utf8JsonWriter> members) => [.. Write(s_options, members), (byte)'\n'];

    /// <summary>Writes one object without any white space and without a final LF.</summary>
    public static byte[] WriteLine(Action<Utf8JsonWriter> members) => Write(s_lineOptions, members);

    /// <summary>Reads one object and refuses it when its own writer would write it otherwise.</summary>
    /// <exception cref="MalformedInputException">Not JSON, a key twice, too deep, a member too many or too few, or not the one encoding.</exception>
    public static T Read<T>(string format, ReadOnlyMemory<byte> bytes, int maximumSize, Func<JsonMembers, T> read, Func<T, byte[]> write)
    {
        JsonMembers root = new(JsonTree.Parse(format, bytes, maximumSize), format);
        T value = read(root);
        root.Finish();
        byte[] canonical = write(value);
        int difference = bytes.Span.CommonPrefixLength(canonical);
        return difference == canonical.Length && difference == bytes.Length
            ? value
            : throw new MalformedInputException(format, difference, "not in its canonical encoding, though it means the same");
    }

    private static byte[] Write(JsonWriterOptions options, Action<Utf8JsonWriter> members)
    {
        using MemoryStream output = new();
        using (Utf8JsonWriter json = new(output, options))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return output.ToArray();
    }
}
