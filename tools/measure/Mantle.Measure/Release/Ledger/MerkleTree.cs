using System.Numerics;
using System.Security.Cryptography;

namespace Mantle.Measure.Release.Ledger;

/// <summary>
/// The Merkle tree of RFC 6962, 2.1, with SHA-256, as C2SP's tlog-tiles uses it: leaves are hashed behind a zero byte, nodes behind a one, and the left
/// subtree is the largest complete one that leaves something for the right.
/// </summary>
public static class MerkleTree
{
    /// <summary>Bytes of a hash.</summary>
    public const int HashSize = 32;

    /// <summary>MTH of the empty list.</summary>
    public static byte[] EmptyRoot => SHA256.HashData([]);

    /// <summary>The hash of an entry's bytes.</summary>
    public static byte[] HashLeaf(ReadOnlySpan<byte> entry) => SHA256.HashData([0, .. entry]);

    /// <summary>The root over leaf hashes.</summary>
    public static byte[] Root(ReadOnlySpan<byte[]> leaves)
    {
        if (leaves.Length < 2)
        {
            return leaves.Length == 0 ? EmptyRoot : leaves[0];
        }

        int split = Split(leaves.Length);
        return HashNode(Root(leaves[..split]), Root(leaves[split..]));
    }

    /// <summary>PATH(m, D[n]): the hashes that lead from a leaf to the root, nearest first.</summary>
    public static IReadOnlyList<byte[]> InclusionProof(ReadOnlySpan<byte[]> leaves, int index)
    {
        if (index < 0 || index >= leaves.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(index), $"there is no leaf {index} among {leaves.Length}");
        }

        List<byte[]> proof = [];
        AddPath(proof, leaves, index);
        return proof;
    }

    /// <summary>PROOF(m, D[n]): that the tree of the first leaves is the beginning of the whole one.</summary>
    public static IReadOnlyList<byte[]> ConsistencyProof(ReadOnlySpan<byte[]> leaves, int oldSize)
    {
        if (oldSize < 0 || oldSize > leaves.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(oldSize), $"there is no tree of {oldSize} in one of {leaves.Length}");
        }

        List<byte[]> proof = [];
        if (oldSize > 0)
        {
            AddSubproof(proof, leaves, oldSize, isWhole: true);
        }

        return proof;
    }

    /// <summary>Verifies an inclusion proof (RFC 9162, 2.1.3.2).</summary>
    public static bool VerifyInclusion(long index, long size, ReadOnlySpan<byte> leafHash, IReadOnlyList<byte[]> proof, ReadOnlySpan<byte> root)
    {
        if (index < 0 || index >= size)
        {
            return false;
        }

        long node = index;
        long last = size - 1;
        byte[] hash = leafHash.ToArray();
        foreach (byte[] sibling in proof)
        {
            if (last == 0 || sibling.Length != HashSize)
            {
                return false;
            }

            if ((node & 1) != 0 || node == last)
            {
                hash = HashNode(sibling, hash);
                int shift = (node & 1) != 0 ? 0 : BitOperations.TrailingZeroCount(node);
                (node, last) = (node >> shift, last >> shift);
            }
            else
            {
                hash = HashNode(hash, sibling);
            }

            (node, last) = (node >> 1, last >> 1);
        }

        return last == 0 && hash.AsSpan().SequenceEqual(root);
    }

    /// <summary>Verifies a consistency proof (RFC 9162, 2.1.4.2). The empty tree is the beginning of every tree.</summary>
    public static bool VerifyConsistency(long oldSize, ReadOnlySpan<byte> oldRoot, long newSize, ReadOnlySpan<byte> newRoot, IReadOnlyList<byte[]> proof)
    {
        if (oldSize < 0 || oldSize > newSize || proof.Any(hash => hash.Length != HashSize))
        {
            return false;
        }

        if (oldSize == 0 || oldSize == newSize)
        {
            return proof.Count == 0 && oldRoot.SequenceEqual(oldSize == newSize ? newRoot : EmptyRoot);
        }

        // A complete subtree is its own first hash.
        List<byte[]> path = BitOperations.IsPow2(oldSize) ? [oldRoot.ToArray(), .. proof] : [.. proof];
        if (path.Count == 0)
        {
            return false;
        }

        int shift = BitOperations.TrailingZeroCount(~(oldSize - 1));
        long node = (oldSize - 1) >> shift;
        long last = (newSize - 1) >> shift;
        byte[] oldHash = path[0];
        byte[] newHash = path[0];
        foreach (byte[] sibling in path.Skip(1))
        {
            if (last == 0)
            {
                return false;
            }

            if ((node & 1) != 0 || node == last)
            {
                oldHash = HashNode(sibling, oldHash);
                newHash = HashNode(sibling, newHash);
                int step = (node & 1) != 0 ? 0 : BitOperations.TrailingZeroCount(node);
                (node, last) = (node >> step, last >> step);
            }
            else
            {
                newHash = HashNode(newHash, sibling);
            }

            (node, last) = (node >> 1, last >> 1);
        }

        return last == 0 && oldHash.AsSpan().SequenceEqual(oldRoot) && newHash.AsSpan().SequenceEqual(newRoot);
    }

    internal static byte[] HashNode(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => SHA256.HashData([1, .. left, .. right]);

    /// <summary>The largest power of two that is less than the count.</summary>
    private static int Split(int count) => 1 << BitOperations.Log2((uint)count - 1);

    private static void AddPath(List<byte[]> proof, ReadOnlySpan<byte[]> leaves, int index)
    {
        if (leaves.Length == 1)
        {
            return;
        }

        int split = Split(leaves.Length);
        if (index < split)
        {
            AddPath(proof, leaves[..split], index);
            proof.Add(Root(leaves[split..]));
        }
        else
        {
            AddPath(proof, leaves[split..], index - split);
            proof.Add(Root(leaves[..split]));
        }
    }

    private static void AddSubproof(List<byte[]> proof, ReadOnlySpan<byte[]> leaves, int oldSize, bool isWhole)
    {
        if (oldSize == leaves.Length)
        {
            if (!isWhole)
            {
                proof.Add(Root(leaves));
            }

            return;
        }

        int split = Split(leaves.Length);
        if (oldSize <= split)
        {
            AddSubproof(proof, leaves[..split], oldSize, isWhole);
            proof.Add(Root(leaves[split..]));
        }
        else
        {
            AddSubproof(proof, leaves[split..], oldSize - split, isWhole: false);
            proof.Add(Root(leaves[..split]));
        }
    }
}
