using System.Buffers;
using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Compression;

/// <summary>Decompresses what starts at the front of a source, whatever follows it.</summary>
public static partial class Decompression
{
    private const int BufferLength = 1 << 17;
    private const int MaximumMagicLength = 6;

    /// <summary>The largest dictionary or window that is accepted, in bytes: what Linux compresses itself with by xz or zstd.</summary>
    public const int MaximumDictionary = 128 << 20;

    /// <summary>
    /// The format that Linux sees in the first bytes (the table of lib/decompress.c; the first two decide, here the rest of the magic too
    /// where the format has more). <see cref="CompressionFormat.None"/>: none of them.
    /// </summary>
    public static CompressionFormat Identify(ReadOnlySpan<byte> start) => start switch
    {
        [0x1F, 0x8B or 0x9E, ..] => CompressionFormat.Gzip,
        [(byte)'B', (byte)'Z', ..] => CompressionFormat.Bzip2,
        [0x5D, 0, ..] => CompressionFormat.Lzma,
        [0xFD, (byte)'7', ..] => CompressionFormat.Xz,
        [0x89, (byte)'L', ..] => CompressionFormat.Lzo,
        [0x02, 0x21, ..] => CompressionFormat.Lz4Legacy,
        [0x28, 0xB5, ..] => CompressionFormat.Zstandard,
        _ => CompressionFormat.None,
    };

    /// <summary>The format that Linux sees at the start of a source.</summary>
    public static CompressionFormat Identify(ByteSource source)
    {
        Span<byte> start = stackalloc byte[(int)Math.Min(source.Length, MaximumMagicLength)];
        source.ReadExactly(0, start);
        return Identify(start);
    }

    /// <summary>Decompresses the stream or frame at the start of a source, as Linux does: one only, though others may follow.</summary>
    /// <exception cref="MalformedInputException">
    /// It is damaged, longer than is accepted, or of no format that is known; <see cref="MalformedInputException.IsUnsupported"/> for lzop.
    /// </exception>
    public static UnpackedContent Unpack(ByteSource source, DecompressionOptions options)
    {
        CompressionFormat format = Identify(source);
        string name = NameOf(format);
        if (format is CompressionFormat.None or CompressionFormat.Lzo)
        {
            throw MalformedInputException.Unsupported(name, 0, format == CompressionFormat.None ? "this compression" : "lzo compression");
        }

        Spool spool = new(name, options);
        try
        {
            long consumed = Decode(source, format, spool);
            return new UnpackedContent(format, consumed, spool);
        }
        catch
        {
            spool.Dispose();
            throw;
        }
    }

    /// <summary>A name for messages: that of the tool that writes the format.</summary>
    internal static string NameOf(CompressionFormat format) => format switch
    {
        CompressionFormat.Gzip => "gzip",
        CompressionFormat.Bzip2 => "bzip2",
        CompressionFormat.Lzma => "lzma",
        CompressionFormat.Xz => "xz",
        CompressionFormat.Lzo => "lzo",
        CompressionFormat.Lz4Legacy => "lz4",
        CompressionFormat.Zstandard => "zstd",
        _ => "compression",
    };

    /// <summary>
    /// The libraries answer damage with whatever exception their code runs into; to us each of them is malformed input.
    /// What passes is an error of the file under the source, or of the spool.
    /// </summary>
    private static long Decode(ByteSource source, CompressionFormat format, Spool spool)
    {
        using DecoderInput input = new(source);
        try
        {
            switch (format)
            {
                case CompressionFormat.Gzip:
                    DecodeGzip(input, spool);
                    break;
                case CompressionFormat.Bzip2:
                    DecodeBzip2(input, spool);
                    break;
                case CompressionFormat.Lzma:
                    DecodeLzma(input, spool);
                    break;
                case CompressionFormat.Xz:
                    DecodeXz(input, spool);
                    break;
                case CompressionFormat.Lz4Legacy:
                    DecodeLz4(input, spool);
                    break;
                default:
                    DecodeZstandard(input, spool);
                    break;
            }
        }
        catch (Exception problem) when (problem is (not (IOException or MalformedInputException or OutOfMemoryException)) or EndOfStreamException)
        {
            string text = problem.Message.ReplaceLineEndings(" ").TrimEnd('.');
            throw new MalformedInputException(NameOf(format), input.Position, $"compressed data is damaged: {text}");
        }

        return input.Position;
    }

    private static void Copy(Func<byte[], int, int, int> read, Spool spool)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            for (int count; (count = read(buffer, 0, BufferLength)) > 0;)
            {
                spool.Write(buffer.AsSpan(0, count));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static uint ReadUInt32(DecoderInput input)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        input.ReadExactly(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }
}
