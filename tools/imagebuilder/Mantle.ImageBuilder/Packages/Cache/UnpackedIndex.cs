using System.Buffers.Binary;
using System.Security.Cryptography;
using Mantle.Formats.Bytes;

namespace Mantle.ImageBuilder.Packages;

/// <summary>
/// What the cache keeps beside an unpacked <c>data.tar</c>: the digests of its chunks, a copy of its headers, and <c>control.tar</c>. One file,
/// little-endian: magic, SHA-256 of the .deb, length of data.tar, length of control.tar, number of header ranges, chunk digests,
/// ranges (offset, length), control.tar, the ranges' bytes, and the SHA-256 of all that.
/// </summary>
internal sealed class UnpackedIndex
{
    private const string Format = "cache index";
    private const int FixedLength = 8 + SHA256.HashSizeInBytes + 8 + 4 + 4;
    private const int RangeLength = 8 + 4;

    /// <summary>The last digit is the version of this layout.</summary>
    private static ReadOnlySpan<byte> Magic => "mantleU1"u8;

    /// <summary>Length of data.tar in bytes.</summary>
    public required long DataLength { get; init; }

    /// <summary>Digests of data.tar.</summary>
    public required ChunkDigests Digests { get; init; }

    /// <summary>The headers of data.tar; reads of anything else fail.</summary>
    public required ByteSource Headers { get; init; }

    /// <summary>The uncompressed control.tar.</summary>
    public required ReadOnlyMemory<byte> ControlTar { get; init; }

    /// <summary>The index as bytes of a file.</summary>
    /// <param name="sha256">SHA-256 of the .deb, in hexadecimal.</param>
    /// <param name="data">The data.tar.</param>
    /// <param name="digests">Digests of its chunks.</param>
    /// <param name="ranges">The ranges of it that its headers are in.</param>
    /// <param name="controlTar">The uncompressed control.tar.</param>
    public static byte[] Write(
        string sha256, ByteSource data, ChunkDigests digests, IReadOnlyList<(long Offset, int Length)> ranges, ReadOnlySpan<byte> controlTar)
    {
        int length = FixedLength + digests.Bytes.Length + (ranges.Count * RangeLength) + controlTar.Length
            + ranges.Sum(range => range.Length) + SHA256.HashSizeInBytes;
        byte[] file = new byte[length];
        Span<byte> rest = file;
        Append(ref rest, Magic);
        Append(ref rest, Convert.FromHexString(sha256));
        BinaryPrimitives.WriteInt64LittleEndian(Take(ref rest, 8), data.Length);
        BinaryPrimitives.WriteInt32LittleEndian(Take(ref rest, 4), controlTar.Length);
        BinaryPrimitives.WriteInt32LittleEndian(Take(ref rest, 4), ranges.Count);
        Append(ref rest, digests.Bytes.Span);
        foreach ((long offset, int count) in ranges)
        {
            BinaryPrimitives.WriteInt64LittleEndian(Take(ref rest, 8), offset);
            BinaryPrimitives.WriteInt32LittleEndian(Take(ref rest, 4), count);
        }

        Append(ref rest, controlTar);
        foreach ((long offset, int count) in ranges)
        {
            data.ReadExactly(offset, Take(ref rest, count));
        }

        SHA256.HashData(file.AsSpan(0, length - SHA256.HashSizeInBytes), rest);
        return file;
    }

    /// <summary>Reads an index. False: it is damaged, of another version, or of another package.</summary>
    public static bool TryRead(byte[] file, string sha256, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out UnpackedIndex? index)
    {
        index = null;
        int end = file.Length - SHA256.HashSizeInBytes;
        if (end < FixedLength || !SHA256.HashData(file.AsSpan(0, end)).AsSpan().SequenceEqual(file.AsSpan(end)))
        {
            return false;
        }

        SpanReader reader = new(file.AsSpan(0, end), Format);
        if (!reader.ReadBytes(Magic.Length).SequenceEqual(Magic)
            || !reader.ReadBytes(SHA256.HashSizeInBytes).SequenceEqual(Convert.FromHexString(sha256)))
        {
            return false;
        }

        long dataLength = (long)reader.ReadUInt64LittleEndian();
        int controlLength = (int)reader.ReadUInt32LittleEndian();
        int rangeCount = (int)reader.ReadUInt32LittleEndian();
        int digestsStart = reader.Position;
        int digestsLength = ChunkDigests.CountOf(dataLength) * SHA256.HashSizeInBytes;
        reader.Skip(digestsLength);
        long[] offsets = new long[rangeCount];
        int[] starts = new int[rangeCount + 1];
        for (int i = 0; i < rangeCount; i++)
        {
            offsets[i] = (long)reader.ReadUInt64LittleEndian();
            starts[i + 1] = starts[i] + (int)reader.ReadUInt32LittleEndian();
        }

        int controlStart = reader.Position;
        index = new UnpackedIndex
        {
            DataLength = dataLength,
            Digests = new ChunkDigests(file.AsMemory(digestsStart, digestsLength)),
            ControlTar = file.AsMemory(controlStart, controlLength),
            Headers = new RecordedSource(dataLength, offsets, starts, file.AsMemory(controlStart + controlLength, starts[^1])),
        };
        return true;
    }

    private static Span<byte> Take(ref Span<byte> rest, int count)
    {
        Span<byte> taken = rest[..count];
        rest = rest[count..];
        return taken;
    }

    private static void Append(ref Span<byte> rest, ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(ref rest, bytes.Length));
}
