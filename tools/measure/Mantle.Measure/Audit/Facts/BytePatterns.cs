using System.Buffers;
using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.Audit.Facts;

/// <summary>
/// All byte strings that the rules ask for, searched together: a content is read once, widened to Latin-1 characters block by block, and searched by the
/// vectorised multi-string search of the runtime. Safe for several threads.
/// </summary>
internal sealed class BytePatterns
{
    /// <summary>A byte string must say something.</summary>
    public const int Shortest = 4;

    /// <summary>Blocks are a little longer than this by what the longest pattern overlaps.</summary>
    private const int BlockLength = 1 << 16;

    /// <summary>The runtime's fast search (Teddy) takes this many strings; more of them are searched in several rounds, block by block.</summary>
    private const int PerRound = 80;

    private readonly string[] _patterns;
    private readonly SearchValues<string>[] _rounds;
    private readonly Dictionary<int, List<int>> _byStart = [];
    private readonly int _longest;

    /// <param name="patterns">Distinct byte strings as Latin-1 text, each at least <see cref="Shortest"/> long.</param>
    public BytePatterns(IReadOnlyList<string> patterns)
    {
        _patterns = [.. patterns];
        _longest = _patterns.Length == 0 ? 0 : _patterns.Max(pattern => pattern.Length);
        _rounds = [.. _patterns.Order(StringComparer.Ordinal).Chunk(PerRound).Select(round => SearchValues.Create(round, StringComparison.Ordinal))];
        for (int i = 0; i < _patterns.Length; i++)
        {
            int start = Start(_patterns[i]);
            if (!_byStart.TryGetValue(start, out List<int>? those))
            {
                _byStart.Add(start, those = []);
            }

            those.Add(i);
        }
    }

    /// <summary>How many there are.</summary>
    public int Count => _patterns.Length;

    /// <summary>The text of one.</summary>
    public string this[int index] => _patterns[index];

    /// <summary>The first offset of each pattern in a content; -1 where it does not occur.</summary>
    /// <exception cref="MalformedInputException">The file system stores the content damaged.</exception>
    public long[] Search(ByteSource content)
    {
        long[] found = new long[_patterns.Length];
        Array.Fill(found, -1);
        if (_patterns.Length == 0)
        {
            return found;
        }

        int overlap = _longest - 1;
        byte[] bytes = ArrayPool<byte>.Shared.Rent(BlockLength + overlap);
        char[] characters = ArrayPool<char>.Shared.Rent(BlockLength + overlap);
        try
        {
            for (long offset = 0; offset < content.Length; offset += BlockLength)
            {
                int length = (int)Math.Min(BlockLength + overlap, content.Length - offset);
                content.ReadExactly(offset, bytes.AsSpan(0, length));
                if (!bytes.AsSpan(0, length).ContainsAnyExcept((byte)0))
                {
                    continue;
                }

                Encoding.Latin1.GetChars(bytes.AsSpan(0, length), characters);
                foreach (SearchValues<string> round in _rounds)
                {
                    Search(characters.AsSpan(0, length), round, offset, found);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
            ArrayPool<char>.Shared.Return(characters);
        }

        return found;
    }

    private void Search(ReadOnlySpan<char> block, SearchValues<string> round, long offset, long[] found)
    {
        int at = 0;
        while (at < block.Length)
        {
            int next = block[at..].IndexOfAny(round);
            if (next < 0)
            {
                return;
            }

            at += next;
            foreach (int index in _byStart[Start(block[at..])])
            {
                if (found[index] < 0 && block[at..].StartsWith(_patterns[index], StringComparison.Ordinal))
                {
                    found[index] = offset + at;
                }
            }

            at++;
        }
    }

    private static int Start(ReadOnlySpan<char> text) => (text[0] << 24) | (text[1] << 16) | (text[2] << 8) | text[3];
}
