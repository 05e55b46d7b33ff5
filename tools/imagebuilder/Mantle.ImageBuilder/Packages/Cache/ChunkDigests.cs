using System.Security.Cryptography;

namespace Mantle.ImageBuilder.Packages;

/// <summary>The SHA-256 of each 64 KiB of a file, the last chunk shorter: what makes a small read verifiable without reading all.</summary>
/// <param name="digests">The digests, 32 bytes each, in order.</param>
internal sealed class ChunkDigests(ReadOnlyMemory<byte> digests)
{
    /// <summary>Length of a chunk in bytes.</summary>
    public const int ChunkLength = 1 << 16;

    /// <summary>The digests, 32 bytes each, in order.</summary>
    public ReadOnlyMemory<byte> Bytes => digests;

    /// <summary>Number of chunks.</summary>
    public int Count => digests.Length / SHA256.HashSizeInBytes;

    /// <summary>How many chunks a file of this length has.</summary>
    public static int CountOf(long length) => checked((int)((length + ChunkLength - 1) / ChunkLength));

    /// <summary>Whether the bytes are those of the chunk.</summary>
    public bool Matches(int chunk, ReadOnlySpan<byte> bytes)
    {
        Span<byte> actual = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, actual);
        return actual.SequenceEqual(digests.Span.Slice(chunk * SHA256.HashSizeInBytes, SHA256.HashSizeInBytes));
    }
}
