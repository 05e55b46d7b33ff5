using System.Diagnostics.CodeAnalysis;
using Mantle.Formats.Bytes;

namespace Mantle.ImageBuilder.Packages.Debian;

/// <summary>One paragraph of control data with all its fields as text; for small files (Release, apt's sources). Names are compared without case.</summary>
internal sealed class ControlParagraph
{
    private readonly Dictionary<string, string> _fields = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Offset of the paragraph's first field in its file.</summary>
    public int Offset { get; private init; }

    /// <summary>Reads every paragraph of a file.</summary>
    /// <exception cref="MalformedInputException">The text is not control data, or a paragraph has a field twice.</exception>
    public static IReadOnlyList<ControlParagraph> ReadAll(ReadOnlySpan<byte> text, string format, bool comments = false)
    {
        List<ControlParagraph> paragraphs = [];
        ControlReader reader = new(text, format, comments);
        ControlParagraph? current = null;
        for (ControlToken token = reader.Read(); token != ControlToken.EndOfFile; token = reader.Read())
        {
            if (token == ControlToken.EndOfParagraph)
            {
                current = null;
                continue;
            }

            if (current is null)
            {
                current = new ControlParagraph { Offset = reader.FieldStart };
                paragraphs.Add(current);
            }

            string name = System.Text.Encoding.ASCII.GetString(reader.Name);
            if (!current._fields.TryAdd(name, reader.ValueText))
            {
                throw new MalformedInputException(format, reader.FieldStart, $"field \"{name}\" occurs twice");
            }
        }

        return paragraphs;
    }

    /// <summary>A field's value; false when the paragraph does not have it.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out string? value) => _fields.TryGetValue(name, out value);

    /// <summary>A field's words, split at blanks and newlines; empty when the paragraph does not have it.</summary>
    public string[] Words(string name) =>
        _fields.TryGetValue(name, out string? value) ? value.Split([' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries) : [];
}
