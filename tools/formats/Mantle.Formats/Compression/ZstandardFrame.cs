using Mantle.Formats.Bytes;

namespace Mantle.Formats.Compression;

/// <summary>
/// Finds the end of a zstd frame by its block headers (RFC 8878, 3.1.1): the library does not tell a frame that is followed by something
/// from a damaged one.
/// </summary>
internal static class ZstandardFrame
{
    private const string Format = "zstd";
    private const uint Magic = 0xFD2FB528;
    private const int BlockHeaderLength = 3;

    /// <summary>Bytes of the frame at the input's position, where the input is again afterwards.</summary>
    public static long Measure(DecoderInput input)
    {
        long start = input.Position;
        Span<byte> head = stackalloc byte[5];
        input.ReadExactly(head);
        if (System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(head) != Magic)
        {
            throw new MalformedInputException(Format, start, "no frame starts here");
        }

        // Frame header descriptor: flags of the content's size, of a single segment, unused, reserved, of a checksum, of a dictionary.
        byte descriptor = head[4];
        bool isSingleSegment = (descriptor & 0x20) != 0;
        if ((descriptor & 0x08) != 0 || (descriptor & 3) != 0)
        {
            throw MalformedInputException.Unsupported(Format, start, $"frame header 0x{descriptor:x2}");
        }

        int sizeLength = (descriptor >> 6) switch { 0 => isSingleSegment ? 1 : 0, 1 => 2, 2 => 4, _ => 8 };
        Skip(input, sizeLength + (isSingleSegment ? 0 : 1));
        bool isLast = false;
        while (!isLast)
        {
            input.ReadExactly(head[..BlockHeaderLength]);
            int header = head[0] | (head[1] << 8) | (head[2] << 16);
            isLast = (header & 1) != 0;
            const int RunLength = 1;
            int kind = (header >> 1) & 3;
            Skip(input, kind == RunLength ? 1 : header >> 3);
        }

        Skip(input, (descriptor & 4) != 0 ? sizeof(uint) : 0);
        long length = input.Position - start;
        input.Position = start;
        return length;
    }

    private static void Skip(DecoderInput input, int count)
    {
        if (count > input.Remaining)
        {
            throw new EndOfStreamException("frame ends too early");
        }

        input.Position += count;
    }
}
