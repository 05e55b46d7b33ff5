using System.Buffers;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.Comparison;

/// <summary>Where two contents part.</summary>
/// <param name="Offset">Offset of the first byte that differs, from the start of the place that is named; the shorter length if one is the beginning of the other.</param>
/// <param name="WindowStart">Offset of the first byte of both windows, a multiple of 16.</param>
/// <param name="A">Up to 32 bytes of A from there.</param>
/// <param name="B">Up to 32 bytes of B from there.</param>
public sealed record ByteDifference(long Offset, long WindowStart, ReadOnlyMemory<byte> A, ReadOnlyMemory<byte> B)
{
    private const int WindowLength = 32;
    private const int BufferLength = 1 << 18;

    /// <summary>Compares two contents, streaming. Null: they are equal.</summary>
    public static ByteDifference? Between(ByteSource a, ByteSource b)
    {
        long offset = FirstDifference(a, b, 0);
        if (offset < 0)
        {
            return null;
        }

        long start = offset & ~15L;
        return new(offset, start, Window(a, start), Window(b, start));
    }

    /// <summary>The first offset from <paramref name="from"/> on where both differ or one ends; -1 if there is none.</summary>
    internal static long FirstDifference(ByteSource a, ByteSource b, long from)
    {
        long common = Math.Min(a.Length, b.Length);
        int length = (int)Math.Min(BufferLength, Math.Max(common - from, 0));
        byte[] ofA = ArrayPool<byte>.Shared.Rent(length);
        byte[] ofB = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            for (long at = from; at < common;)
            {
                int count = (int)Math.Min(length, common - at);
                a.ReadExactly(at, ofA.AsSpan(0, count));
                b.ReadExactly(at, ofB.AsSpan(0, count));
                int same = ofA.AsSpan(0, count).CommonPrefixLength(ofB.AsSpan(0, count));
                if (same < count)
                {
                    return at + same;
                }

                at += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(ofA);
            ArrayPool<byte>.Shared.Return(ofB);
        }

        return a.Length == b.Length ? -1 : Math.Max(common, from);
    }

    private static byte[] Window(ByteSource source, long start)
    {
        byte[] window = new byte[Math.Clamp(source.Length - start, 0, WindowLength)];
        source.ReadExactly(Math.Min(start, source.Length), window);
        return window;
    }
}
