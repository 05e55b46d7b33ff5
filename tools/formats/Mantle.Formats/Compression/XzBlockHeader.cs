using System.Buffers.Binary;
using Mantle.Formats.Bytes;
using Mantle.Formats.Gpt;

namespace Mantle.Formats.Compression;

/// <summary>The header of an xz block (xz-file-format 1.2.1, 3.1).</summary>
/// <param name="HasX86Filter">Whether the x86 filter comes before LZMA2; no other chain is accepted.</param>
/// <param name="Dictionary">The coded size of the dictionary.</param>
/// <param name="PackedLength">Bytes of the compressed data; null where it is not said.</param>
/// <param name="Length">Bytes that come out; null where it is not said.</param>
internal sealed record XzBlockHeader(bool HasX86Filter, byte Dictionary, ulong? PackedLength, ulong? Length)
{
    private const string Format = "xz";
    private const ulong Lzma2FilterId = 0x21;
    private const ulong X86FilterId = 0x04;

    /// <summary>Reads the header whose first byte, its length, has been read.</summary>
    public static XzBlockHeader Read(DecoderInput input, int lengthByte, long maximumDictionary)
    {
        long offset = input.Position - 1;
        byte[] bytes = new byte[(lengthByte + 1) * 4];
        bytes[0] = (byte)lengthByte;
        input.ReadExactly(bytes, 1, bytes.Length - 1);
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4)) != Crc32.Of(bytes.AsSpan(0, bytes.Length - 4)))
        {
            throw new MalformedInputException(Format, offset, "checksum of a block header is wrong");
        }

        SpanReader reader = new(bytes.AsSpan(0, bytes.Length - 4), Format, offset);
        reader.Skip(1);
        byte flags = reader.ReadByte();
        if ((flags & 0b0011_1100) != 0)
        {
            throw reader.Malformed("block has reserved flags");
        }

        ulong? packed = (flags & 0x40) != 0 ? XzInteger.Read(ref reader) : null;
        ulong? length = (flags & 0x80) != 0 ? XzInteger.Read(ref reader) : null;
        int filters = (flags & 3) + 1;
        bool hasX86 = false;
        for (int i = 0; i < filters - 1; i++)
        {
            // The filter may have a start offset, which nothing writes.
            ulong id = XzInteger.Read(ref reader);
            if (id != X86FilterId || XzInteger.Read(ref reader) != 0 || hasX86)
            {
                throw MalformedInputException.Unsupported(Format, offset, $"filter 0x{id:x}");
            }

            hasX86 = true;
        }

        ulong last = XzInteger.Read(ref reader);
        if (last != Lzma2FilterId || XzInteger.Read(ref reader) != 1)
        {
            throw MalformedInputException.Unsupported(Format, offset, $"filter 0x{last:x}");
        }

        // 5.3.1: bits 0-5 code the size as a mantissa of 2 or 3 and an exponent.
        byte dictionary = reader.ReadByte();
        if (dictionary > 39 || (2L | (dictionary & 1L)) << ((dictionary / 2) + 11) > maximumDictionary)
        {
            throw reader.Malformed($"dictionary is larger than {maximumDictionary} bytes");
        }

        return reader.ReadBytes(reader.Remaining).ContainsAnyExcept((byte)0)
            ? throw reader.Malformed("block header is padded with other bytes than zeros")
            : new XzBlockHeader(hasX86, dictionary, packed, length);
    }
}
