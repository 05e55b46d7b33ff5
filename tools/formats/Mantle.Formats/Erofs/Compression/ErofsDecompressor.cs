using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Compression;
using Mantle.Formats.Bytes;
using SharpCompress.Compressors.LZMA;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Mantle.Formats.Erofs.Compression;

/// <summary>
/// Decompresses clusters of an image. The length that comes out is known beforehand, so that nothing grows while it is decompressed.
/// </summary>
internal sealed class ErofsDecompressor(ByteSource image, int blockSize, bool isPaddedInFront)
{
    private const int LzmaProperties = 9 * 5 * 5; // of lc, lp and pb
    private const int MinimumLzmaDictionary = 4096;

    private const int MaximumZstdWindowBits = 24; // a frame's own length counts as its window, and none is longer than 12 MiB

    private readonly ConcurrentBag<Decompressor> _zstd = [];

    /// <summary>Fills <paramref name="destination"/>, which is as long as the extent.</summary>
    /// <exception cref="MalformedInputException">The cluster is damaged.</exception>
    public void Decompress(in ErofsExtent extent, Span<byte> destination)
    {
        if (extent.Algorithm == ErofsAlgorithm.Plain)
        {
            image.ReadExactly(extent.Source, destination);
            return;
        }

        if (extent.Algorithm == ErofsAlgorithm.Interlaced)
        {
            ReadInterlaced(extent, destination);
            return;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(extent.SourceLength);
        try
        {
            image.ReadExactly(extent.Source, buffer.AsSpan(0, extent.SourceLength));
            ArraySegment<byte> source = new(buffer, 0, extent.SourceLength);
            if (isPaddedInFront)
            {
                int padding = source.AsSpan().IndexOfAnyExcept((byte)0);
                source = padding < 0 ? throw Malformed(extent, "has nothing but padding") : source[padding..];
            }

            if (!TryDecode(extent, source, destination))
            {
                throw Malformed(extent, $"is damaged, or is not {destination.Length} bytes");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static MalformedInputException Malformed(in ErofsExtent extent, string problem) =>
        new(ErofsFormat.Name, extent.Source, $"cluster of {extent.SourceLength} bytes, {extent.Algorithm}, {problem}");

    /// <summary>The libraries answer damage with whatever exception their code runs into; to us each of them is malformed input.</summary>
    private bool TryDecode(in ErofsExtent extent, ArraySegment<byte> source, Span<byte> destination)
    {
        if (extent.Algorithm == ErofsAlgorithm.Lz4)
        {
            return Lz4Block.TryDecode(source, destination, extent.IsPartial || !isPaddedInFront);
        }

        try
        {
            return extent.Algorithm switch
            {
                ErofsAlgorithm.Deflate => TryInflate(source, destination, extent.IsPartial),
                ErofsAlgorithm.Zstd => TryDecodeZstd(source, destination, extent.IsPartial),
                _ => TryDecodeLzma(source, destination, extent.IsPartial),
            };
        }
        catch (Exception problem) when (problem is not OutOfMemoryException)
        {
            return false;
        }
    }

    // Each byte is as far into its block as it is into the block of the file; the extent starts somewhere in the middle and wraps around.
    private void ReadInterlaced(in ErofsExtent extent, Span<byte> destination)
    {
        int turn = (int)(extent.Start % blockSize);
        if (turn != 0 && extent.SourceLength % blockSize != 0)
        {
            throw Malformed(extent, "fills no block");
        }

        int first = Math.Min(blockSize - turn, destination.Length);
        long right = turn == 0 ? 0 : extent.SourceLength - (blockSize - turn);
        first = turn == 0 ? destination.Length : first;
        image.ReadExactly(extent.Source + right, destination[..first]);
        image.ReadExactly(extent.Source, destination[first..]);
    }

    private static bool TryInflate(ArraySegment<byte> source, Span<byte> destination, bool isPartial)
    {
        using MemoryStream stream = new(source.Array!, source.Offset, source.Count, writable: false);
        using DeflateStream inflate = new(stream, CompressionMode.Decompress);
        inflate.ReadExactly(destination);
        return isPartial || inflate.ReadByte() < 0;
    }

    private bool TryDecodeZstd(ArraySegment<byte> source, Span<byte> destination, bool isPartial)
    {
        if (!_zstd.TryTake(out Decompressor? decompressor))
        {
            decompressor = new Decompressor();
            decompressor.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, MaximumZstdWindowBits);
        }

        try
        {
            if (!isPartial)
            {
                return decompressor.Unwrap(source, destination) == destination.Length;
            }

            decompressor.ResetStream();
            decompressor.UnwrapStream(source, destination, out _, out int written);
            return written == destination.Length;
        }
        finally
        {
            _zstd.Add(decompressor);
        }
    }

    // The first byte of an LZMA stream is always 0; MicroLZMA has the properties there, inverted so that they are not taken for padding
    // (liblzma, lzma/container.h, lzma_microlzma_encoder). A match reaches no farther back than the extent, whatever the dictionary was.
    // With the length known, the library checks that the stream is at its end there, which the stream of a partial extent is not.
    private static bool TryDecodeLzma(ArraySegment<byte> source, Span<byte> destination, bool isPartial)
    {
        byte properties = (byte)(source[0] ^ byte.MaxValue);
        if (properties >= LzmaProperties)
        {
            return false;
        }

        byte[] header = new byte[5];
        header[0] = properties;
        BitConverter.TryWriteBytes(header.AsSpan(1), Math.Max(MinimumLzmaDictionary, destination.Length));
        source.AsSpan()[0] = 0;
        using MemoryStream stream = new(source.Array!, source.Offset, source.Count, writable: false);
        using LzmaStream lzma = LzmaStream.Create(header, stream, source.Count, isPartial ? -1 : destination.Length, leaveOpen: true);
        lzma.ReadExactly(destination);
        return true;
    }
}
