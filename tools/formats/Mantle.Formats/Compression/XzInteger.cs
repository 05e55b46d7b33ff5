using Mantle.Formats.Bytes;

namespace Mantle.Formats.Compression;

/// <summary>Integers of xz (xz-file-format 1.2.1, 1.2): seven bits a byte, least significant first, at most nine bytes, in the shortest form.</summary>
internal static class XzInteger
{
    private const int MaximumLength = 9;

    public static ulong Read(ref SpanReader reader)
    {
        ulong number = 0;
        for (int i = 0; i < MaximumLength; i++)
        {
            byte next = reader.ReadByte();
            number |= (ulong)(next & 0x7F) << (i * 7);
            if (next < 0x80)
            {
                return next == 0 && i > 0 ? throw reader.Malformed("integer is not in its shortest form") : number;
            }
        }

        throw reader.Malformed("integer is longer than nine bytes");
    }

    /// <summary>Reads one from a decoder's input, and says what bytes it was.</summary>
    public static ulong Read(DecoderInput input, List<byte> bytes)
    {
        int start = bytes.Count;
        do
        {
            bytes.Add((byte)input.ReadByte());
        }
        while (bytes[^1] >= 0x80 && bytes.Count - start < MaximumLength);
        SpanReader reader = new(bytes.ToArray().AsSpan(start), "xz", input.Position - (bytes.Count - start));
        return Read(ref reader);
    }
}
