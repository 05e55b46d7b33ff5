using Mantle.Formats.Compression;

namespace Mantle.Formats.Squashfs;

/// <summary>Where the blocks of a file are, and how long they are there; 0 for a block of zeros.</summary>
internal readonly record struct SquashfsBlockList(long[] Offsets, uint[] Lengths);

/// <summary>Data blocks, decompressed, those read last kept for who reads on.</summary>
internal sealed class SquashfsBlocks(SquashfsDecompressor decompressor)
{
    private const int CacheCapacity = 16 << 20;

    private readonly BlockCache<(long Offset, int Length)> _cache = new(CacheCapacity);

    /// <summary>Fills a destination that takes the whole block.</summary>
    public void Read(long offset, uint stored, Span<byte> destination) => decompressor.DecodeData(offset, stored, destination);

    /// <summary>The whole block, of which a part is wanted.</summary>
    public byte[] Get(long offset, uint stored, int length)
    {
        if (_cache.Find((offset, length)) is { } known)
        {
            return known;
        }

        byte[] bytes = GC.AllocateUninitializedArray<byte>(length);
        decompressor.DecodeData(offset, stored, bytes);
        _cache.Add((offset, length), bytes);
        return bytes;
    }

    /// <summary>A fragment block, which says how long it is only by being decompressed.</summary>
    public byte[] GetFragment(long offset, uint stored, int maximumLength)
    {
        if (_cache.Find((offset, -1)) is { } known)
        {
            return known;
        }

        byte[] bytes = GC.AllocateUninitializedArray<byte>(maximumLength);
        int length = decompressor.DecodeUpTo(offset, stored, bytes);
        Array.Resize(ref bytes, length);
        _cache.Add((offset, -1), bytes);
        return bytes;
    }
}
