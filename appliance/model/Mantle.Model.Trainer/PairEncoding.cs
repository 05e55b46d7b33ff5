using System.Text;

namespace Mantle.Model.Trainer;

/// <summary>Learns the merges of a tokenizer: again and again the pair of neighbours that is met most often, the lower tokens first among equals.</summary>
internal static class PairEncoding
{
    /// <summary>Learns them.</summary>
    /// <param name="paragraphs">The text.</param>
    /// <param name="count">How many; fewer only if no pair is left.</param>
    public static (int Left, int Right)[] Learn(List<byte[]> paragraphs, int count)
    {
        List<(int[] Tokens, int Count)> words = CountWords(paragraphs);
        List<(int, int)> merges = [];
        Dictionary<(int Left, int Right), int> pairs = [];
        while (merges.Count < count)
        {
            pairs.Clear();
            foreach ((int[] tokens, int occurrences) in words)
            {
                for (int i = 0; i + 1 < tokens.Length; i++)
                {
                    (int, int) pair = (tokens[i], tokens[i + 1]);
                    pairs[pair] = pairs.GetValueOrDefault(pair) + occurrences;
                }
            }

            if (pairs.Count == 0)
            {
                throw new InvalidDataException($"the text has {merges.Count} pairs that can be merged, {count} are wanted");
            }

            (int Left, int Right) best = pairs.MaxBy(pair => (pair.Value, -pair.Key.Left, -pair.Key.Right)).Key;
            int token = ModelShape.BaseTokens + merges.Count;
            merges.Add(best);
            for (int i = 0; i < words.Count; i++)
            {
                words[i] = (Merge(words[i].Tokens, best, token), words[i].Count);
            }
        }

        return [.. merges];
    }

    private static List<(int[] Tokens, int Count)> CountWords(List<byte[]> paragraphs)
    {
        // In the order of the text, so that nothing depends on how a dictionary is laid out.
        List<(int[] Tokens, int Count)> words = [];
        Dictionary<string, int> places = [];
        foreach (byte[] paragraph in paragraphs)
        {
            for (int at = 0; at < paragraph.Length;)
            {
                ReadOnlySpan<byte> word = paragraph.AsSpan(at, Words.FirstLength(paragraph.AsSpan(at)));
                at += word.Length;
                string key = Encoding.Latin1.GetString(word);
                if (places.TryGetValue(key, out int place))
                {
                    words[place] = (words[place].Tokens, words[place].Count + 1);
                    continue;
                }

                places.Add(key, words.Count);
                words.Add(([.. key.Select(letter => 1 + letter)], 1));
            }
        }

        return words;
    }

    private static int[] Merge(int[] tokens, (int Left, int Right) pair, int token)
    {
        bool has = false;
        for (int i = 0; i + 1 < tokens.Length; i++)
        {
            has |= tokens[i] == pair.Left && tokens[i + 1] == pair.Right;
        }

        if (!has)
        {
            return tokens;
        }

        List<int> merged = new(tokens.Length);
        for (int i = 0; i < tokens.Length; i++)
        {
            bool isPair = i + 1 < tokens.Length && tokens[i] == pair.Left && tokens[i + 1] == pair.Right;
            merged.Add(isPair ? token : tokens[i]);
            i += isPair ? 1 : 0;
        }

        return [.. merged];
    }
}
