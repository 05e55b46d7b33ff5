using Mantle.Formats.Bytes;

namespace Mantle.Fuzz.Seeds;

/// <summary>
/// A large input that is mostly zeros, as its other sectors alone: those are what a mutation should hit, and what a copy should cost.
/// </summary>
internal sealed class SparseSeed
{
    private const int SectorSize = 512;

    private readonly List<(long Offset, int Start, int Length)> _runs = [];
    private readonly long _length;

    /// <param name="whole">The input.</param>
    /// <param name="always">Sectors to keep though they be zeros.</param>
    public SparseSeed(ByteSource whole, Func<long, bool>? always = null)
    {
        _length = whole.Length;
        using MemoryStream bytes = new();
        byte[] sector = new byte[SectorSize];
        for (long offset = 0; offset < _length; offset += SectorSize)
        {
            Span<byte> part = sector.AsSpan(0, (int)Math.Min(SectorSize, _length - offset));
            whole.ReadExactly(offset, part);
            if (!part.ContainsAnyExcept((byte)0) && always?.Invoke(offset / SectorSize) != true)
            {
                continue;
            }

            if (_runs is [.., var last] && last.Offset + last.Length == offset)
            {
                _runs[^1] = last with { Length = last.Length + part.Length };
            }
            else
            {
                _runs.Add((offset, (int)bytes.Length, part.Length));
            }

            bytes.Write(part);
        }

        Bytes = bytes.ToArray();
    }

    /// <summary>The sectors that are kept.</summary>
    public byte[] Bytes { get; }

    /// <summary>The whole that belongs to mutated sectors; as much shorter or longer as they are.</summary>
    public ByteSource Expand(byte[] bytes)
    {
        long length = Math.Max(0, _length + bytes.Length - Bytes.Length);
        List<ByteSource.Extent> extents = [];
        foreach ((long offset, int start, int runLength) in _runs)
        {
            long count = Math.Min(Math.Min(runLength, bytes.Length - start), length - offset);
            if (count > 0)
            {
                extents.Add(new(offset, ByteSource.FromMemory(bytes.AsMemory(start, (int)count))));
            }
        }

        return ByteSource.Compose(length, extents);
    }

    /// <summary>Where a byte of the whole is among the kept ones; -1 if it is not.</summary>
    public int PositionOf(long offset)
    {
        foreach ((long runOffset, int start, int length) in _runs)
        {
            if (offset >= runOffset && offset < runOffset + length)
            {
                return start + (int)(offset - runOffset);
            }
        }

        return -1;
    }
}
