using System.Text;
using System.Text.Json;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.KeyPolicy.Documents;

/// <summary>What a JSON value is.</summary>
internal enum JsonTreeKind
{
    Object,
    Array,
    Text,
    Number,
    Boolean,
    Null,
}

/// <summary>
/// A JSON value that remembers where it stood. Strict RFC 8259: no comments, no trailing commas, no duplicate keys, which System.Text.Json's
/// documents would let pass; numbers keep their text.
/// </summary>
internal sealed class JsonTree
{
    private const int MaximumDepth = 24;

    private readonly Source _source;

    private JsonTree(Source source, JsonTreeKind kind, long offset)
    {
        _source = source;
        Kind = kind;
        Offset = offset;
    }

    public JsonTreeKind Kind { get; }

    /// <summary>Bytes from the start of the document.</summary>
    public long Offset { get; }

    /// <summary>A text's value, a number or boolean as it was written.</summary>
    public string Value { get; private init; } = "";

    public List<(string Name, long Offset, JsonTree Value)> Members { get; } = [];

    public List<JsonTree> Items { get; } = [];

    /// <summary>Line and column, both from 1.</summary>
    public string Position => PositionOf(_source, Offset);

    /// <exception cref="MalformedInputException">Not JSON, too large, too deep, or with a key that stands twice in an object.</exception>
    public static JsonTree Parse(string format, ReadOnlyMemory<byte> bytes, int maximumSize)
    {
        Source source = new(format, bytes);
        if (bytes.Length > maximumSize)
        {
            throw new MalformedInputException(format, 0, $"{bytes.Length} bytes are more than the {maximumSize} that are read");
        }

        if (bytes.Span.StartsWith("\uFEFF"u8))
        {
            throw new MalformedInputException(format, 0, "a byte order mark; JSON has none (RFC 8259, 8.1)");
        }

        Utf8JsonReader reader = new(bytes.Span, new JsonReaderOptions { MaxDepth = MaximumDepth });
        try
        {
            reader.Read();
            JsonTree root = Read(source, ref reader);
            while (reader.Read())
            {
            }

            return root;
        }
        catch (JsonException e)
        {
            throw Refuse(source, reader.BytesConsumed, Sentence(e));
        }
        catch (InvalidOperationException)
        {
            // The reader's word for a text with an unpaired surrogate or bytes that are no UTF-8.
            throw Refuse(source, reader.TokenStartIndex, "a text that is not Unicode");
        }
    }

    public MalformedInputException Refuse(string problem) => Refuse(_source, Offset, problem);

    public MalformedInputException RefuseAt(long offset, string problem) => Refuse(_source, offset, problem);

    private static JsonTree Read(Source source, ref Utf8JsonReader reader)
    {
        long offset = reader.TokenStartIndex;
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                JsonTree map = new(source, JsonTreeKind.Object, offset);
                HashSet<string> names = new(StringComparer.Ordinal);
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    long nameOffset = reader.TokenStartIndex;
                    string name = reader.GetString()!;
                    if (!names.Add(name))
                    {
                        throw Refuse(source, nameOffset, $"the key \"{name}\" stands twice in one object");
                    }

                    reader.Read();
                    map.Members.Add((name, nameOffset, Read(source, ref reader)));
                }

                return map;
            case JsonTokenType.StartArray:
                JsonTree list = new(source, JsonTreeKind.Array, offset);
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    list.Items.Add(Read(source, ref reader));
                }

                return list;
            case JsonTokenType.String:
                return new(source, JsonTreeKind.Text, offset) { Value = reader.GetString()! };
            case JsonTokenType.Number:
                return new(source, JsonTreeKind.Number, offset) { Value = Encoding.ASCII.GetString(reader.ValueSpan) };
            case JsonTokenType.True:
            case JsonTokenType.False:
                return new(source, JsonTreeKind.Boolean, offset) { Value = reader.TokenType == JsonTokenType.True ? "true" : "false" };
            default:
                return new(source, JsonTreeKind.Null, offset) { Value = "null" };
        }
    }

    private static MalformedInputException Refuse(Source source, long offset, string problem) =>
        new(source.Format, offset, $"{PositionOf(source, offset)}: {problem}");

    private static string PositionOf(Source source, long offset)
    {
        ReadOnlySpan<byte> before = source.Bytes.Span[..(int)Math.Min(offset, source.Bytes.Length)];
        int lineStart = before.LastIndexOf((byte)'\n') + 1;
        return $"line {before.Count((byte)'\n') + 1}, column {Encoding.UTF8.GetCharCount(before[lineStart..]) + 1}";
    }

    /// <summary>The library's message without its own idea of the position.</summary>
    private static string Sentence(JsonException e)
    {
        string text = e.Message.Split(" LineNumber:")[0].Split(" Path:")[0].TrimEnd('.');
        return text.Length == 0 ? "not JSON" : char.ToLowerInvariant(text[0]) + text[1..];
    }

    private sealed record Source(string Format, ReadOnlyMemory<byte> Bytes);
}
