namespace Mantle.Model;

/// <summary>
/// Byte-pair encoding (Sennrich et al., 2016) over bytes: token 0 ends a text, tokens 1 to 256 are the bytes, each further one is two earlier ones side by side.
/// Whatever the text, it has tokens, and they give it back.
/// </summary>
public sealed class Tokenizer
{
    /// <summary>The token that ends a text and stands before the next.</summary>
    public const int End = 0;

    private readonly (int Left, int Right)[] _merges;
    private readonly Dictionary<int, int> _tokens;
    private readonly byte[][] _bytes;

    /// <param name="merges">The merges in the order in which they are made.</param>
    /// <exception cref="InvalidDataException">One is made of tokens that do not exist before it, exists already, or is too long.</exception>
    public Tokenizer((int Left, int Right)[] merges)
    {
        _merges = merges;
        _tokens = new(merges.Length);
        _bytes = new byte[ModelShape.BaseTokens + merges.Length][];
        _bytes[End] = [];
        for (int value = 0; value < 256; value++)
        {
            _bytes[1 + value] = [(byte)value];
        }

        for (int i = 0; i < merges.Length; i++)
        {
            (int left, int right) = merges[i];
            int token = ModelShape.BaseTokens + i;
            if (left <= End || right <= End || left >= token || right >= token)
            {
                throw new InvalidDataException($"merge {i} is of tokens that are not there before it");
            }

            if (_bytes[left].Length + _bytes[right].Length > Words.MaximumLength)
            {
                throw new InvalidDataException($"merge {i} is longer than {Words.MaximumLength} bytes");
            }

            if (!_tokens.TryAdd(Pair(left, right), token))
            {
                throw new InvalidDataException($"merge {i} is made a second time");
            }

            _bytes[token] = [.. _bytes[left], .. _bytes[right]];
        }
    }

    /// <summary>The merges in their order.</summary>
    public IReadOnlyList<(int Left, int Right)> Merges => _merges;

    /// <summary>The bytes of a token; none of <see cref="End"/>.</summary>
    public ReadOnlySpan<byte> Bytes(int token) => _bytes[token];

    /// <summary>The tokens of a text, without an end.</summary>
    public List<int> Encode(ReadOnlySpan<byte> text)
    {
        List<int> tokens = new((text.Length / 2) + 1);
        Span<int> word = stackalloc int[Words.MaximumLength];
        while (text.Length > 0)
        {
            int length = Words.FirstLength(text);
            for (int i = 0; i < length; i++)
            {
                word[i] = 1 + text[i];
            }

            tokens.AddRange(word[..Merge(word, length)]);
            text = text[length..];
        }

        return tokens;
    }

    private static int Pair(int left, int right) => (left << 16) | right;

    /// <summary>Makes the earliest merge that is possible, the leftmost first, until none is.</summary>
    private int Merge(Span<int> word, int length)
    {
        while (length > 1)
        {
            int best = int.MaxValue;
            int at = 0;
            for (int i = 0; i + 1 < length; i++)
            {
                if (_tokens.TryGetValue(Pair(word[i], word[i + 1]), out int token) && token < best)
                {
                    (best, at) = (token, i);
                }
            }

            if (best == int.MaxValue)
            {
                break;
            }

            word[at] = best;
            word[(at + 2)..length].CopyTo(word[(at + 1)..]);
            length--;
        }

        return length;
    }
}
