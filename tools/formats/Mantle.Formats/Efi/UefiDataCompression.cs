using System.Buffers.Binary;
using System.IO.Compression;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Efi;

/// <summary>
/// The zlib stream of <see cref="UefiData"/> (RFC 1950), with or without the preset dictionary. .NET's inflater takes no dictionary; but a stored block
/// in front of the stream (RFC 1951, 3.2.4) that holds the dictionary's bytes leaves it in the same state. The dictionary is not ours to carry: it is
/// given, or the stream does not use it, which its checksum over the content shows.
/// </summary>
internal static class UefiDataCompression
{
    private const byte Deflate32K = 0x78;
    private const int PresetDictionaryFlag = 0x20;

    // EC2's dictionary of version 0 by its size in bytes and its Adler-32.
    private const int DictionarySize = 11_381;
    private const uint DictionaryIdentifier = 0x6BB7D9F7;

    public static byte[] Inflate(ReadOnlyMemory<byte> stream, ReadOnlySpan<byte> given, int maximumSize)
    {
        SpanReader reader = new(stream.Span, UefiData.Format);
        ushort header = reader.ReadUInt16BigEndian();
        if (header >> 8 != Deflate32K || header % 31 != 0)
        {
            throw new MalformedInputException(UefiData.Format, 0, $"0x{header:x4} does not start a zlib stream");
        }

        ReadOnlySpan<byte> dictionary = [];
        if ((header & PresetDictionaryFlag) != 0)
        {
            uint identifier = reader.ReadUInt32BigEndian();
            if (identifier != DictionaryIdentifier)
            {
                throw new MalformedInputException(UefiData.Format, 2, $"dictionary 0x{identifier:x8} is not EC2's");
            }

            if (!given.IsEmpty && (given.Length != DictionarySize || Adler32(given) != DictionaryIdentifier))
            {
                throw new MalformedInputException(UefiData.Format, 2, "the dictionary that was given is not EC2's");
            }

            dictionary = given.IsEmpty ? new byte[DictionarySize] : given;
        }

        int dataSize = reader.Remaining - 4;
        if (dataSize <= 0)
        {
            throw reader.Malformed("the zlib stream ends early");
        }

        byte[] inflated = InflateRaw(dictionary, reader.ReadBytes(dataSize), maximumSize);
        return reader.ReadUInt32BigEndian() == Adler32(inflated)
            ? inflated
            : throw new MalformedInputException(
                UefiData.Format, stream.Length - 4,
                dictionary.IsEmpty || !given.IsEmpty ? "the zlib stream's checksum is not that of its content" : "the stream refers to EC2's dictionary, which was not given; or it is damaged");
    }

    /// <summary>
    /// Says that the dictionary is used and refers to none of its bytes, which no inflater can tell from a choice of the compressor.
    /// </summary>
    public static byte[] Deflate(ReadOnlySpan<byte> content)
    {
        using MemoryStream output = new();
        Span<byte> number = stackalloc byte[4];
        output.Write([Deflate32K, 0xf9]); // best compression, preset dictionary, check bits
        BinaryPrimitives.WriteUInt32BigEndian(number, DictionaryIdentifier);
        output.Write(number);
        using (DeflateStream deflate = new(output, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            deflate.Write(content);
        }

        BinaryPrimitives.WriteUInt32BigEndian(number, Adler32(content));
        output.Write(number);
        return output.ToArray();
    }

    private static byte[] InflateRaw(ReadOnlySpan<byte> dictionary, ReadOnlySpan<byte> data, int maximumSize)
    {
        byte[] primed = [.. StoredBlock(dictionary), .. data];
        byte[] buffer = new byte[dictionary.Length + maximumSize + 1];
        int length = 0;
        using MemoryStream input = new(primed);
        try
        {
            using DeflateStream inflate = new(input, CompressionMode.Decompress);
            for (int count; (count = inflate.Read(buffer, length, buffer.Length - length)) > 0;)
            {
                length += count;
            }
        }
        catch (InvalidDataException)
        {
            throw new MalformedInputException(UefiData.Format, 0, "the zlib stream is damaged");
        }

        return length < dictionary.Length || length > dictionary.Length + maximumSize
            ? throw new MalformedInputException(UefiData.Format, 0, $"the zlib stream inflates to more than {maximumSize} bytes or to nothing")
            : buffer[dictionary.Length..length];
    }

    /// <summary>A block that is not the last, its length, the length's complement, the bytes. The next block starts at a whole byte.</summary>
    private static byte[] StoredBlock(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return [];
        }

        byte[] block = new byte[5 + bytes.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(1), (ushort)bytes.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(3), unchecked((ushort)~bytes.Length));
        bytes.CopyTo(block.AsSpan(5));
        return block;
    }

    private static uint Adler32(ReadOnlySpan<byte> bytes)
    {
        const uint Modulus = 65521;
        uint low = 1;
        uint high = 0;
        foreach (byte value in bytes)
        {
            low = (low + value) % Modulus;
            high = (high + low) % Modulus;
        }

        return (high << 16) | low;
    }
}
