using System.Buffers;
using System.Buffers.Binary;
using K4os.Compression.LZ4;
using Mantle.Formats.Bytes;
using Mantle.Formats.Gpt;
using SharpCompress.Compressors.BZip2;
using SharpCompress.Compressors.LZMA;
using ZstdSharp.Unsafe;
using Sharp = SharpCompress.Compressors;

namespace Mantle.Formats.Compression;

/// <content>One method for each format; each leaves the input exactly behind its stream.</content>
public static partial class Decompression
{
    private const int LzmaHeaderLength = 13;
    private const int LzmaProperties = 9 * 5 * 5; // of lc, lp and pb
    private const int MinimumLzmaDictionary = 4096;
    private const int MaximumZstdWindowBits = 27; // MaximumDictionary
    private const uint Lz4LegacyMagic = 0x184C2102;
    private const int Lz4LegacyBlock = 8 << 20;

    // RFC 1952. The managed inflater, because System.IO.Compression does not say where a stream ends, and where it ends the next segment of
    // an initrd begins. Linux skips a file name but knows no other optional field.
    private static void DecodeGzip(DecoderInput input, Spool spool)
    {
        byte[] header = new byte[10];
        input.ReadExactly(header);
        const int HasName = 8;
        if (header[2] != 8 || (header[3] & ~HasName) != 0)
        {
            throw MalformedInputException.Unsupported("gzip", 0, $"method {header[2]} with flags 0x{header[3]:x2}");
        }

        while ((header[3] & HasName) != 0 && input.ReadByte() != 0)
        {
        }

        long start = input.Position;
        uint crc = 0;
        using Sharp.Deflate.DeflateStream inflate = new(input, Sharp.CompressionMode.Decompress, Sharp.Deflate.CompressionLevel.Default, leaveOpen: true, null!);
        Copy(
            (buffer, offset, count) =>
            {
                int read = inflate.Read(buffer, offset, count);
                crc = Crc32.Append(crc, buffer.AsSpan(offset, read));
                return read;
            },
            spool);
        input.Position = start + inflate.TotalIn;
        if (ReadUInt32(input) != crc || ReadUInt32(input) != (uint)(spool.Length & uint.MaxValue))
        {
            throw new MalformedInputException("gzip", input.Position, "checksum or length in the trailer is wrong");
        }
    }

    private static void DecodeBzip2(DecoderInput input, Spool spool)
    {
        if (!input.Window.StartsWith("BZh"u8))
        {
            throw new MalformedInputException("bzip2", 0, "no stream starts here");
        }

        using BZip2Stream bzip2 = BZip2Stream.Create(input, Sharp.CompressionMode.Decompress, decompressConcatenated: false, leaveOpen: true, tolerateTruncatedStream: false);
        Copy(bzip2.Read, spool);
    }

    // Properties, size of the dictionary, uncompressed length or all ones (xz, doc/lzma-file-format.txt).
    private static void DecodeLzma(DecoderInput input, Spool spool)
    {
        byte[] header = new byte[LzmaHeaderLength];
        input.ReadExactly(header);
        uint dictionary = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(1));
        long length = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(5));
        if (header[0] >= LzmaProperties || dictionary > MaximumDictionary || length < -1)
        {
            throw new MalformedInputException("lzma", 0, $"properties {header[0]}, dictionary of {dictionary} bytes or length {length} is not accepted");
        }

        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(1), Math.Max(dictionary, MinimumLzmaDictionary));
        using LzmaStream lzma = LzmaStream.Create(header[..5], input, -1, length, leaveOpen: true);
        Copy(lzma.Read, spool);
    }

    private static void DecodeXz(DecoderInput input, Spool spool)
    {
        using XzDecoder xz = new(input, MaximumDictionary);
        Copy(xz.Read, spool);
    }

    // Blocks of 8 MiB behind their lengths (lz4_Frame_format.md, "Legacy frame"). The end is the end of the input or, for Linux
    // (lib/decompress_unlz4.c), a length of zero; the magic may come again between blocks.
    private static void DecodeLz4(DecoderInput input, Spool spool)
    {
        if (ReadUInt32(input) != Lz4LegacyMagic)
        {
            throw new MalformedInputException("lz4", 0, "no legacy frame starts here");
        }

        byte[] packed = [];
        byte[] block = ArrayPool<byte>.Shared.Rent(Lz4LegacyBlock);
        try
        {
            while (input.Remaining >= sizeof(uint))
            {
                uint length = ReadUInt32(input);
                if (length == Lz4LegacyMagic)
                {
                    continue;
                }

                if (length == 0)
                {
                    input.Position -= sizeof(uint);
                    return;
                }

                if (length > LZ4Codec.MaximumOutputSize(Lz4LegacyBlock) || length > input.Remaining)
                {
                    throw new MalformedInputException("lz4", input.Position, $"block of {length} bytes is not possible here");
                }

                if (packed.Length < length)
                {
                    ArrayPool<byte>.Shared.Return(packed);
                    packed = ArrayPool<byte>.Shared.Rent((int)length);
                }

                input.ReadExactly(packed, 0, (int)length);
                int written = LZ4Codec.Decode(packed.AsSpan(0, (int)length), block.AsSpan(0, Lz4LegacyBlock));
                if (written < 0)
                {
                    throw new MalformedInputException("lz4", input.Position - length, "block is damaged");
                }

                spool.Write(block.AsSpan(0, written));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(packed);
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    private static void DecodeZstandard(DecoderInput input, Spool spool)
    {
        long end = input.Position + ZstandardFrame.Measure(input);
        using ZstdSharp.Decompressor decompressor = new();
        decompressor.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, MaximumZstdWindowBits);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            OperationStatus status;
            do
            {
                ReadOnlySpan<byte> window = input.Position == end ? default : input.Window;
                window = window[..(int)Math.Min(window.Length, end - input.Position)];
                status = decompressor.UnwrapStream(window, buffer, out int consumed, out int written);
                input.Position += consumed;
                spool.Write(buffer.AsSpan(0, written));
                if (status == OperationStatus.InvalidData || (consumed == 0 && written == 0 && status != OperationStatus.Done))
                {
                    throw new MalformedInputException("zstd", input.Position, "frame is damaged");
                }
            }
            while (status != OperationStatus.Done || input.Position != end);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
