using System.Security.Cryptography;

namespace Mantle.Formats.Verity;

/// <summary>Digests of blocks for hash type 1: SHA-256 over the salt and the block, in this order.</summary>
internal static class VerityHash
{
    /// <summary>Writes the digest of each 4096-byte block of <paramref name="blocks"/>, one after the other.</summary>
    public static void HashBlocks(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> blocks, Span<byte> digests)
    {
        // One context for the whole run. A one-shot hash would need salt and block copied into one buffer, and measured no faster.
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (; !blocks.IsEmpty; blocks = blocks[VeritySuperblock.BlockSize..])
        {
            hash.AppendData(salt);
            hash.AppendData(blocks[..VeritySuperblock.BlockSize]);
            hash.GetHashAndReset(digests);
            digests = digests[VeritySuperblock.DigestLength..];
        }
    }
}
