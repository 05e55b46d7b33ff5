using Mantle.Formats.Bytes;
using SharpCompress.Compressors.Xz;

namespace Mantle.Formats.Deb;

/// <summary>Decompresses a .xz file into memory. What is accepted is said at <see cref="XzLayout"/>: one stream of LZMA2 blocks.</summary>
public static class XzReader
{
    private const string Format = "xz";

    /// <summary>The uncompressed bytes.</summary>
    /// <param name="source">The file.</param>
    /// <param name="maximumLength">The most bytes that may come out; what the file's index claims is judged before anything is allocated.</param>
    /// <exception cref="MalformedInputException">The file is damaged, of a kind that is not accepted, or too long.</exception>
    public static byte[] Decompress(ByteSource source, int maximumLength)
    {
        long length = XzLayout.Read(source).UncompressedLength;
        if (length > maximumLength)
        {
            throw new MalformedInputException(Format, 0, $"{length} bytes uncompressed are more than the {maximumLength} that are accepted");
        }

        using MemoryStream plain = new();
        using Stream compressed = source.OpenStream();
        using XZStream decoder = new(compressed);
        byte[] buffer = new byte[1 << 16];
        for (int count; (count = Read(decoder, buffer)) > 0;)
        {
            // A damaged stream can make the decoder invent bytes without end; the index knows when to stop.
            if (plain.Length + count > length)
            {
                throw new MalformedInputException(Format, 0, $"more than {length} bytes come out of the decompressor");
            }

            plain.Write(buffer, 0, count);
        }

        return plain.Length == length
            ? plain.ToArray()
            : throw new MalformedInputException(Format, 0, $"{plain.Length} bytes come out of the decompressor where the index says {length}");
    }

    /// <summary>The library answers damage with whatever exception its code runs into; what passes is an error of the file under the source.</summary>
    private static int Read(XZStream decoder, byte[] buffer)
    {
        try
        {
            return decoder.Read(buffer, 0, buffer.Length);
        }
        catch (Exception problem) when (problem is not IOException or EndOfStreamException)
        {
            throw new MalformedInputException(Format, 0, "compressed data is damaged");
        }
    }
}
