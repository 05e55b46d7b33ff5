using System.Text;

namespace Mantle.Model.Trainer;

/// <summary>A text to learn from, as paragraphs.</summary>
internal static class Corpus
{
    /// <summary>
    /// The paragraphs of a plain text: parted by empty lines, each on one line, without headings and without the underscores of emphasis, which are all that such a text
    /// says of its typography.
    /// </summary>
    public static List<byte[]> Paragraphs(string text)
    {
        List<byte[]> paragraphs = [];
        StringBuilder paragraph = new();
        foreach (ReadOnlySpan<char> line in text.EnumerateLines())
        {
            ReadOnlySpan<char> words = line.Trim();
            if (words.Length > 0)
            {
                paragraph.Append(paragraph.Length > 0 ? " " : "").Append(words);
                continue;
            }

            Add(paragraphs, paragraph);
        }

        Add(paragraphs, paragraph);
        return paragraphs;
    }

    /// <summary>All paragraphs as tokens, an end before each.</summary>
    public static int[] Encode(Tokenizer tokenizer, List<byte[]> paragraphs)
    {
        List<int> tokens = [];
        foreach (byte[] paragraph in paragraphs)
        {
            tokens.Add(Tokenizer.End);
            tokens.AddRange(tokenizer.Encode(paragraph));
        }

        return [.. tokens];
    }

    private static void Add(List<byte[]> paragraphs, StringBuilder paragraph)
    {
        string text = paragraph.Replace("_", "").ToString();
        paragraph.Clear();

        // A sentence ends with a mark; a heading and a letter's date do not.
        if (text.Length > 0 && text[^1] is '.' or '!' or '?' or '"' or '\'' or ')' or '-' or ':' or ';' or ',')
        {
            paragraphs.Add(Encoding.UTF8.GetBytes(text));
        }
    }
}
