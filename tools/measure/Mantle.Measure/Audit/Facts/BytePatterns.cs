using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.Audit.Facts;

/// <summary>
/// All byte strings that the rules ask for, searched together: a content is read once, and each four bytes of it in a row are looked up in a filter of one
/// bit for each of 65,536 hashes. What passes it, one position in some hundred, is compared. Safe for several threads.
/// </summary>
internal sealed class BytePatterns
{
    /// <summary>A byte string must say something, and the filter needs four bytes of it.</summary>
    public const int Shortest = 4;

    /// <summary>Blocks are a little longer than this by what the longest pattern overlaps.</summary>
    private const int BlockLength = 1 << 16;

    /// <summary>2^32 divided by the golden ratio: neighbouring values of four bytes get distant hashes.</summary>
    private const uint Spread = 0x9E3779B1;
    private const int HashBits = 16;

    private readonly string[] _patterns;
    private readonly byte[][] _bytes;
    private readonly ulong[] _filter = new ulong[1 << (HashBits - 6)];
    private readonly Dictionary<uint, int[]> _byStart;
    private readonly int _longest;

    /// <param name="patterns">Distinct byte strings as Latin-1 text, each at least <see cref="Shortest"/> long.</param>
    public BytePatterns(IReadOnlyList<string> patterns)
    {
        _patterns = [.. patterns];
        _bytes = [.. _patterns.Select(Encoding.Latin1.GetBytes)];
        _longest = _patterns.Length == 0 ? 0 : _patterns.Max(pattern => pattern.Length);
        _byStart = Enumerable.Range(0, _bytes.Length).GroupBy(index => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[index])).ToDictionary(group => group.Key, group => group.ToArray());
        foreach (uint start in _byStart.Keys)
        {
            uint hash = Hash(start);
            _filter[hash / 64] |= 1UL << (int)(hash % 64);
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
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BlockLength + overlap);
        try
        {
            for (long offset = 0; offset < content.Length; offset += BlockLength)
            {
                Span<byte> block = buffer.AsSpan(0, (int)Math.Min(BlockLength + overlap, content.Length - offset));
                content.ReadExactly(offset, block);
                if (block.ContainsAnyExcept((byte)0))
                {
                    Search(block, offset, found);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return found;
    }

    private void Search(ReadOnlySpan<byte> block, long offset, long[] found)
    {
        if (block.Length < Shortest)
        {
            return;
        }

        ReadOnlySpan<ulong> filter = _filter;
        uint window = BinaryPrimitives.ReadUInt32LittleEndian(block) << 8;
        for (int last = Shortest - 1; last < block.Length; last++)
        {
            window = (window >> 8) | ((uint)block[last] << 24);
            uint hash = Hash(window);
            if ((filter[(int)(hash / 64)] >> (int)(hash % 64) & 1) != 0)
            {
                Compare(block[(last - Shortest + 1)..], window, offset + last - Shortest + 1, found);
            }
        }
    }

    private void Compare(ReadOnlySpan<byte> text, uint start, long offset, long[] found)
    {
        foreach (int index in _byStart.GetValueOrDefault(start, []))
        {
            if (found[index] < 0 && text.StartsWith(_bytes[index]))
            {
                found[index] = offset;
            }
        }
    }

    private static uint Hash(uint start) => unchecked(start * Spread) >> (32 - HashBits);
}
