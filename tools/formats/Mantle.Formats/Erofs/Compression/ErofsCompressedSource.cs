using Mantle.Formats.Bytes;
using Mantle.Formats.Compression;

namespace Mantle.Formats.Erofs.Compression;

/// <summary>
/// A compressed file, decompressed where it is read. An extent that is read whole goes straight to its destination; one that is read in part
/// goes through the cache.
/// </summary>
internal sealed class ErofsCompressedSource(ErofsExtent[] extents, long length, ErofsDecompressor decompressor, BlockCache<ErofsCompressedSource.Key> cache) : ByteSource
{
    public override long Length => length;

    protected internal override void ReadCore(long offset, Span<byte> destination)
    {
        for (int index = destination.IsEmpty ? 0 : Find(offset); !destination.IsEmpty; index++)
        {
            ErofsExtent extent = extents[index];
            int extentLength = (int)((index + 1 < extents.Length ? extents[index + 1].Start : length) - extent.Start);
            int skip = (int)(offset - extent.Start);
            int count = Math.Min(extentLength - skip, destination.Length);
            if (count == extentLength)
            {
                decompressor.Decompress(extent, destination[..count]);
            }
            else
            {
                Decompressed(index, extentLength).AsSpan(skip, count).CopyTo(destination);
            }

            destination = destination[count..];
            offset += count;
        }
    }

    private byte[] Decompressed(int index, int extentLength)
    {
        Key key = new(this, index);
        if (cache.Find(key) is { } known)
        {
            return known;
        }

        byte[] bytes = GC.AllocateUninitializedArray<byte>(extentLength);
        decompressor.Decompress(extents[index], bytes);
        cache.Add(key, bytes);
        return bytes;
    }

    // The extent that holds the offset; the first one starts at 0.
    private int Find(long offset)
    {
        int low = 0;
        int high = extents.Length - 1;
        while (low < high)
        {
            int middle = low + ((high - low + 1) / 2);
            if (extents[middle].Start <= offset)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }

    /// <summary>An extent of a file.</summary>
    public readonly record struct Key(ErofsCompressedSource Source, int Extent);
}
