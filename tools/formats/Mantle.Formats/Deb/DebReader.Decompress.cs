using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using Mantle.Formats.Bytes;
using SharpCompress.Compressors.Xz;
using ZstdSharp;

namespace Mantle.Formats.Deb;

public sealed partial class DebReader
{
    private const int BufferLength = 1 << 18;

    private static void Decompress(ArMember member, Stream destination, long maximumLength)
    {
        long? expected = null;
        if (member.Name.EndsWith(".xz", StringComparison.Ordinal))
        {
            expected = XzLayout.Read(member.Content).UncompressedLength;
            if (expected > maximumLength)
            {
                throw Malformed(member, $"{expected} bytes uncompressed are more than the {maximumLength} that are accepted");
            }
        }

        using Stream compressed = new BufferedStream(member.Content.OpenStream(), BufferLength);
        long length = 0;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            using Stream decoder = OpenDecoder(member, compressed);
            for (int count; (count = ReadDecoder(member, decoder, buffer)) > 0;)
            {
                length += count;

                // A damaged xz stream can make its decoder invent bytes without end; the index knows when to stop.
                if (length > (expected ?? maximumLength))
                {
                    throw Malformed(member, $"more than {expected ?? maximumLength} bytes come out of the decompressor");
                }

                destination.Write(buffer, 0, count);
            }

            CheckEnd(member, compressed, expected, length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static Stream OpenDecoder(ArMember member, Stream compressed) => Path.GetExtension(member.Name) switch
    {
        ".gz" => new GZipStream(compressed, CompressionMode.Decompress, leaveOpen: true),
        ".xz" => new XZStream(compressed),
        ".zst" => new DecompressionStream(compressed, BufferLength, checkEndOfStream: true, leaveOpen: true),
        _ => compressed,
    };

    /// <summary>
    /// The libraries answer damage with whatever exception their code runs into; to us each of them is malformed input.
    /// What passes is an error of the file under the source.
    /// </summary>
    private static int ReadDecoder(ArMember member, Stream decoder, byte[] buffer)
    {
        try
        {
            int filled = 0;
            for (int count; filled < BufferLength && (count = decoder.Read(buffer, filled, BufferLength - filled)) > 0; filled += count)
            {
            }

            return filled;
        }
        catch (Exception problem) when (problem is not IOException or EndOfStreamException)
        {
            throw Malformed(member, $"compressed data is damaged: {Describe(problem)}");
        }
    }

    private static void CheckEnd(ArMember member, Stream compressed, long? expected, long length)
    {
        if (expected is not null && (length != expected || compressed.Position != compressed.Length))
        {
            throw Malformed(member, $"{length} bytes come out of the decompressor where the xz index says {expected}");
        }

        if (member.Content.Length == 0 && member.Name.EndsWith(".zst", StringComparison.Ordinal))
        {
            throw Malformed(member, "has no zstd frame");
        }

        // RFC 1952, 2.3.1: ISIZE. The library stops at the end of the deflate data whatever follows.
        if (member.Name.EndsWith(".gz", StringComparison.Ordinal))
        {
            byte[] trailer = member.Content.ReadBytes(member.Content.Length - 4, 4, Format);
            if (BinaryPrimitives.ReadUInt32LittleEndian(trailer) != (uint)(length & uint.MaxValue))
            {
                throw Malformed(member, $"{length} bytes come out of the decompressor, but the gzip trailer says otherwise");
            }
        }
    }

    private static string Describe(Exception problem)
    {
        string text = problem.Message.ReplaceLineEndings(" ").TrimEnd('.');
        return text.Length == 0 ? problem.GetType().Name : char.ToLowerInvariant(text[0]) + text[1..];
    }

    private static MalformedInputException Malformed(ArMember member, string problem) =>
        new(Format, member.Offset, $"{member.Name}: {problem}");
}
