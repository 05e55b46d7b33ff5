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

        // Whoever writes a digest can write a wrong number before it: a claim is held against the length of the file before it is used.
        ulong dataLength = reader.ReadUInt64LittleEndian();
        uint controlLength = reader.ReadUInt32LittleEndian();
        uint rangeCount = reader.ReadUInt32LittleEndian();
        return dataLength / ChunkDigests.ChunkLength <= (ulong)end / SHA256.HashSizeInBytes
            && TryReadParts(file, ref reader, (long)dataLength, controlLength, rangeCount, out index);
    }

    private static bool TryReadParts(
        byte[] file, ref SpanReader reader, long dataLength, uint controlLength, uint rangeCount,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out UnpackedIndex? index)
    {
        index = null;
        int digestsStart = reader.Position;
        int digestsLength = ChunkDigests.CountOf(dataLength) * SHA256.HashSizeInBytes;
        if (digestsLength + ((long)rangeCount * RangeLength) + controlLength > reader.Remaining)
        {
            return false;
        }

        reader.Skip(digestsLength);
        long[] offsets = new long[rangeCount];
        int[] starts = new int[rangeCount + 1];
        for (int i = 0; i < offsets.Length; i++)
        {
            ulong offset = reader.ReadUInt64LittleEndian();
            uint length = reader.ReadUInt32LittleEndian();
            if (offset > (ulong)dataLength || length > (ulong)dataLength - offset || length > file.Length - starts[i])
            {
                return false;
            }

            offsets[i] = (long)offset;
            starts[i + 1] = starts[i] + (int)length;
        }

        int controlStart = reader.Position;
        reader.Skip((int)controlLength);
        if (reader.Remaining != starts[^1])
        {
            return false;
        }

        index = new UnpackedIndex
        {
            DataLength = dataLength,
            Digests = new ChunkDigests(file.AsMemory(digestsStart, digestsLength)),
            ControlTar = file.AsMemory(controlStart, (int)controlLength),
            Headers = new RecordedSource(dataLength, offsets, starts, file.AsMemory(reader.Position, starts[^1])),
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
