using System.Collections.Concurrent;
using System.IO.Compression;
using K4os.Compression.LZ4;
using Mantle.Formats.Bytes;
using ZstdSharp.Unsafe;

namespace Mantle.Formats.Compression;

/// <summary>
/// Decompresses blocks of which is known how many bytes come out at most, so that nothing grows while it is decompressed.
/// </summary>
internal static class BlockDecoder
{
    private const int MaximumZstdWindowBits = 24;
    private const int MaximumDictionary = 8 << 20;

    private static readonly ConcurrentBag<ZstdSharp.Decompressor> s_zstd = [];

    /// <summary>zlib (RFC 1950). Whole streams only, as all of these: false when one is damaged, followed by something, or has more bytes.</summary>
    public static bool TryInflate(ArraySegment<byte> source, Span<byte> destination, out int written) => Try(source, destination, out written, static (source, destination) =>
    {
        using MemoryStream stream = new(source.Array!, source.Offset, source.Count, writable: false);
        using ZLibStream inflate = new(stream, CompressionMode.Decompress);
        int filled = inflate.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
        return filled < destination.Length || inflate.ReadByte() < 0 ? filled : -1;
    });

    /// <summary>One zstd frame or several.</summary>
    public static bool TryZstandard(ArraySegment<byte> source, Span<byte> destination, out int written) => Try(source, destination, out written, static (source, destination) =>
    {
        if (!s_zstd.TryTake(out ZstdSharp.Decompressor? decompressor))
        {
            decompressor = new ZstdSharp.Decompressor();
            decompressor.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, MaximumZstdWindowBits);
        }

        try
        {
            return decompressor.Unwrap(source, destination);
        }
        finally
        {
            s_zstd.Add(decompressor);
        }
    });

    /// <summary>One LZ4 block.</summary>
    public static bool TryLz4(ArraySegment<byte> source, Span<byte> destination, out int written) =>
        Try(source, destination, out written, static (source, destination) => LZ4Codec.Decode(source, destination));

    /// <summary>One xz stream.</summary>
    public static bool TryXz(ArraySegment<byte> source, Span<byte> destination, out int written) => Try(source, destination, out written, static (source, destination) =>
    {
        using DecoderInput input = new(ByteSource.FromMemory(source));
        using XzDecoder xz = new(input, MaximumDictionary);
        byte[] buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(Math.Max(destination.Length, 1));
        try
        {
            int filled = 0;
            for (int count; filled < destination.Length && (count = xz.Read(buffer, filled, destination.Length - filled)) > 0; filled += count)
            {
            }

            buffer.AsSpan(0, filled).CopyTo(destination);
            bool isAtEnd = xz.Read(new byte[1], 0, 1) == 0 && input.Remaining == 0;
            return isAtEnd ? filled : -1;
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    });

    private delegate int Decoder(ArraySegment<byte> source, Span<byte> destination);

    /// <summary>The libraries answer damage with whatever exception their code runs into; to us each of them is malformed input.</summary>
    private static bool Try(ArraySegment<byte> source, Span<byte> destination, out int written, Decoder decoder)
    {
        try
        {
            written = decoder(source, destination);
            return written >= 0;
        }
        catch (Exception problem) when (problem is not OutOfMemoryException)
        {
            written = 0;
            return false;
        }
    }
}
