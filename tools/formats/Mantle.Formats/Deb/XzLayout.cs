using System.Buffers.Binary;
using Mantle.Formats.Bytes;
using Mantle.Formats.Compression;

namespace Mantle.Formats.Deb;

/// <summary>
/// Checks the frame of a .xz file (xz-file-format 1.2.1) before the library decodes it, because the library verifies neither the index nor
/// what follows, and allocates whatever dictionary a block asks for. Accepted is what dpkg-deb writes: one stream, no stream padding,
/// blocks of LZMA2 alone, dictionaries up to <see cref="MaximumDictionaryLength"/>. Checksums are the decoder's part.
/// </summary>
internal sealed class XzLayout
{
    /// <summary>The largest dictionary that is accepted: that of <c>xz -9</c>, 64 MiB.</summary>
    public const long MaximumDictionaryLength = 64L << 20;

    private const string Format = "xz";
    private const int StreamHeaderLength = 12;
    private const int StreamFooterLength = 12;
    private const ulong Lzma2FilterId = 0x21;

    private static ReadOnlySpan<byte> Magic => [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0];

    /// <summary>Length of the uncompressed bytes, from the index.</summary>
    public required long UncompressedLength { get; init; }

    /// <summary>Reads header, footer, index and every block header.</summary>
    /// <exception cref="MalformedInputException">The frame is inconsistent or of a kind that is not accepted.</exception>
    public static XzLayout Read(ByteSource source)
    {
        byte[] header = source.ReadBytes(0, StreamHeaderLength, Format);
        if (!header.AsSpan(0, 6).SequenceEqual(Magic))
        {
            throw new MalformedInputException(Format, 0, "does not begin with the xz magic");
        }

        long footerOffset = source.Length - StreamFooterLength;
        byte[] footer = source.ReadBytes(footerOffset, StreamFooterLength, Format);
        if (footerOffset < StreamHeaderLength || !footer.AsSpan(10).SequenceEqual("YZ"u8))
        {
            throw new MalformedInputException(Format, Math.Max(footerOffset, 0), "does not end with an xz stream footer");
        }

        if (!footer.AsSpan(8, 2).SequenceEqual(header.AsSpan(6, 2)))
        {
            throw new MalformedInputException(Format, footerOffset, "stream flags of header and footer differ");
        }

        // 2.1.2.2: real_backward_size = (stored_backward_size + 1) * 4.
        long indexLength = ((long)BinaryPrimitives.ReadUInt32LittleEndian(footer.AsSpan(4)) + 1) * 4;
        long indexOffset = footerOffset - indexLength;
        if (indexOffset < StreamHeaderLength || indexLength > Array.MaxLength)
        {
            throw new MalformedInputException(Format, footerOffset, $"index of {indexLength} bytes does not fit into the stream");
        }

        return ReadIndex(source, indexOffset, (int)indexLength);
    }

    private static XzLayout ReadIndex(ByteSource source, long indexOffset, int indexLength)
    {
        SpanReader index = new(source.ReadBytes(indexOffset, indexLength - 4, Format), Format, indexOffset);
        if (index.ReadByte() != 0)
        {
            throw index.Malformed("index indicator is not zero");
        }

        ulong count = XzInteger.Read(ref index);
        long block = StreamHeaderLength;
        long uncompressed = 0;
        for (ulong i = 0; i < count; i++)
        {
            ulong unpadded = XzInteger.Read(ref index);
            ulong length = XzInteger.Read(ref index);
            if (unpadded < 5 || block > indexOffset || unpadded > (ulong)(indexOffset - block) || length > long.MaxValue / 4 || uncompressed > long.MaxValue / 4)
            {
                throw index.Malformed($"record {i} of the index does not fit the stream");
            }

            CheckBlockHeader(source, block, (long)unpadded);
            block += ((long)unpadded + 3) & ~3L;
            uncompressed += (long)length;
        }

        if (block != indexOffset)
        {
            throw index.Malformed($"blocks end at offset 0x{block:x} but the index begins at 0x{indexOffset:x}");
        }

        // 4.4: as few zero bytes as make the index a multiple of four.
        if (index.Remaining > 3 || index.ReadBytes(index.Remaining).ContainsAnyExcept((byte)0))
        {
            throw index.Malformed("index padding is too long or not zero");
        }

        return new XzLayout { UncompressedLength = uncompressed };
    }

    private static void CheckBlockHeader(ByteSource source, long offset, long unpadded)
    {
        int length = (source.ReadBytes(offset, 1, Format)[0] + 1) * 4;
        if (length == 4 || length > unpadded)
        {
            throw new MalformedInputException(Format, offset, "block header does not fit into its block");
        }

        SpanReader header = new(source.ReadBytes(offset, length - 4, Format), Format, offset);
        header.Skip(1);
        byte flags = header.ReadByte();
        if ((flags & 0b0011_1111) != 0)
        {
            throw header.Malformed("block has more than one filter or reserved flags");
        }

        for (int sizes = System.Numerics.BitOperations.PopCount(flags); sizes > 0; sizes--)
        {
            XzInteger.Read(ref header);
        }

        if (XzInteger.Read(ref header) != Lzma2FilterId || XzInteger.Read(ref header) != 1)
        {
            throw header.Malformed("block filter is not LZMA2");
        }

        // 5.3.1: bits 0-5 code the size as a mantissa of 2 or 3 and an exponent.
        byte dictionary = header.ReadByte();
        if (dictionary > 40 || (2L | (dictionary & 1L)) << ((dictionary / 2) + 11) > MaximumDictionaryLength)
        {
            throw header.Malformed($"dictionary is larger than {MaximumDictionaryLength} bytes");
        }
    }
}
