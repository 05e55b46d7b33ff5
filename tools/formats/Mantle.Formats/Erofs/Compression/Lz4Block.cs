using System.Runtime.Intrinsics;

namespace Mantle.Formats.Erofs.Compression;

/// <summary>
/// Decodes LZ4 blocks (lz4, doc/lz4_Block_format.md). Ours rather than a library's because the .NET ports are pointer arithmetic on
/// hostile bytes: here every copy is between spans, so that the worst that a damaged block can do is return false; and because they refuse
/// a block that is decoded in part or followed by other bytes, which deduplicated clusters and images for old kernels have.
/// </summary>
internal static class Lz4Block
{
    private const int MinimumMatch = 4;
    private const int LengthMask = 15;

    /// <summary>
    /// Fills <paramref name="destination"/>. False when the block is damaged or has another length; a part of a longer block, or a block with
    /// bytes behind it, is decoded with <paramref name="isPartial"/>.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> source, Span<byte> destination, bool isPartial)
    {
        int from = 0;
        int to = 0;
        while (from < source.Length)
        {
            int token = source[from++];
            int count = token >> 4;
            if (count == LengthMask && !TryReadLength(source, ref from, ref count))
            {
                return false;
            }

            if (count > source.Length - from || count > destination.Length - to)
            {
                // A partial block may be cut within its literals, but not for want of them.
                int left = destination.Length - to;
                bool isCut = isPartial && count > left && left <= source.Length - from;
                if (isCut)
                {
                    source.Slice(from, left).CopyTo(destination[to..]);
                }

                return isCut;
            }

            CopyLiterals(source, from, destination, to, count);
            from += count;
            to += count;
            if (from == source.Length || (isPartial && to == destination.Length))
            {
                return to == destination.Length;
            }

            if (source.Length - from < sizeof(ushort))
            {
                return false;
            }

            int distance = source[from] | (source[from + 1] << 8);
            from += sizeof(ushort);
            count = token & LengthMask;
            if (distance == 0 || distance > to || (count == LengthMask && !TryReadLength(source, ref from, ref count)))
            {
                return false;
            }

            count += MinimumMatch;
            if (count > destination.Length - to)
            {
                if (!isPartial)
                {
                    return false;
                }

                count = destination.Length - to;
            }

            CopyMatch(destination, to, distance, count);
            to += count;
            if (isPartial && to == destination.Length)
            {
                return true;
            }
        }

        return false;
    }

    // At most 255 times the source's length, which no cluster brings near to an overflow.
    private static bool TryReadLength(ReadOnlySpan<byte> source, ref int from, ref int count)
    {
        byte more;
        do
        {
            if (from == source.Length)
            {
                return false;
            }

            more = source[from++];
            count += more;
        }
        while (more == byte.MaxValue);
        return true;
    }

    // Most runs are short: where there is room, sixteen bytes are moved whatever the count, and the surplus overwritten later.
    private static void CopyLiterals(ReadOnlySpan<byte> source, int from, Span<byte> destination, int to, int count)
    {
        const int Width = 16;
        if (count <= Width && source.Length - from >= Width && destination.Length - to >= Width)
        {
            Vector128.Create(source.Slice(from, Width)).CopyTo(destination.Slice(to, Width));
        }
        else
        {
            source.Slice(from, count).CopyTo(destination[to..]);
        }
    }

    private static void CopyMatch(Span<byte> destination, int to, int distance, int count)
    {
        const int Width = 16;
        int start = to - distance;
        if (count <= Width && distance >= Width && destination.Length - to >= Width)
        {
            Vector128.Create<byte>(destination.Slice(start, Width)).CopyTo(destination.Slice(to, Width));
        }
        else if (distance >= count)
        {
            destination.Slice(start, count).CopyTo(destination[to..]);
        }
        else if (distance == 1)
        {
            destination.Slice(to, count).Fill(destination[start]);
        }
        else
        {
            // The match runs into what it writes: each round doubles what can be copied at once.
            for (int end = to + count; to < end;)
            {
                int part = Math.Min(to - start, end - to);
                destination.Slice(start, part).CopyTo(destination[to..]);
                to += part;
            }
        }
    }
}
