using System.Buffers;
using Mantle.Formats.Bytes;
using Mantle.Formats.Compression;

namespace Mantle.Formats.Squashfs;

/// <summary>Decompresses the blocks of an image.</summary>
internal sealed class SquashfsDecompressor(ByteSource image, SquashfsCompression compression)
{
    /// <summary>A block of metadata, of whatever length up to 8 KiB.</summary>
    public byte[] DecodeMetadata(byte[] stored, long offset)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(SquashfsFormat.MetadataBlockLength);
        try
        {
            return TryDecode(stored, buffer.AsSpan(0, SquashfsFormat.MetadataBlockLength), out int written)
                ? buffer[..written]
                : throw Damaged(offset);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>A block of data that must be as long as the destination.</summary>
    /// <param name="offset">Where it is in the image.</param>
    /// <param name="length">Bytes there; not compressed with <see cref="SquashfsFormat.DataPlainFlag"/>.</param>
    /// <param name="destination">What to fill.</param>
    public void DecodeData(long offset, uint length, Span<byte> destination)
    {
        int written = DecodeUpTo(offset, length, destination);
        if (written != destination.Length)
        {
            throw new MalformedInputException(SquashfsFormat.Name, offset, $"block has {written} bytes where {destination.Length} belong");
        }
    }

    /// <summary>A block of data of any length that fits into the destination.</summary>
    public int DecodeUpTo(long offset, uint length, Span<byte> destination)
    {
        int stored = (int)(length & ~SquashfsFormat.DataPlainFlag);
        if ((length & SquashfsFormat.DataPlainFlag) != 0)
        {
            if (stored > destination.Length)
            {
                throw Damaged(offset);
            }

            image.ReadExactly(offset, destination[..stored]);
            return stored;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(stored);
        try
        {
            image.ReadExactly(offset, buffer.AsSpan(0, stored));
            return TryDecode(new ArraySegment<byte>(buffer, 0, stored), destination, out int written) ? written : throw Damaged(offset);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private MalformedInputException Damaged(long offset) =>
        new(SquashfsFormat.Name, offset, $"{compression} block is damaged or too long");

    private bool TryDecode(ArraySegment<byte> source, Span<byte> destination, out int written) => compression switch
    {
        SquashfsCompression.Gzip => BlockDecoder.TryInflate(source, destination, out written),
        SquashfsCompression.Xz => BlockDecoder.TryXz(source, destination, out written),
        SquashfsCompression.Lz4 => BlockDecoder.TryLz4(source, destination, out written),
        _ => BlockDecoder.TryZstandard(source, destination, out written),
    };
}
