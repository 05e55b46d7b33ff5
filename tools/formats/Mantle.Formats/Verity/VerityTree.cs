using Mantle.Formats.Bytes;

namespace Mantle.Formats.Verity;

/// <summary>A finished dm-verity hash tree.</summary>
public sealed class VerityTree
{
    private const int BlocksAtATime = 256;

    internal VerityTree(VeritySuperblock superblock, ReadOnlyMemory<byte> rootHash, ByteSource hashArea)
    {
        Superblock = superblock;
        RootHash = rootHash;
        HashArea = hashArea;
    }

    /// <summary>The superblock at the start of <see cref="HashArea"/>.</summary>
    public VeritySuperblock Superblock { get; }

    /// <summary>The 32 bytes that stand for all data, the salt included.</summary>
    public ReadOnlyMemory<byte> RootHash { get; }

    /// <summary>
    /// The bytes of the hash device: the superblock's block, then the levels from the top down; a multiple of 4096.
    /// </summary>
    public ByteSource HashArea { get; }

    /// <summary>Reads and hashes a whole device.</summary>
    /// <param name="data">The data; its length is a multiple of 4096 and not zero.</param>
    /// <param name="salt">What precedes every hashed block, at most 256 bytes.</param>
    /// <param name="uuid">Identifier for the superblock.</param>
    /// <param name="workers">Number of threads, at least 1. The result does not depend on it.</param>
    public static VerityTree Build(ByteSource data, ReadOnlyMemory<byte> salt, Guid uuid, int workers)
    {
        if (data.Length == 0 || data.Length % VeritySuperblock.BlockSize != 0)
        {
            throw new ArgumentException($"{data.Length} bytes are not a whole number of blocks", nameof(data));
        }

        long blocks = data.Length / VeritySuperblock.BlockSize;
        VerityTreeBuilder builder = new(blocks, salt);
        ForEachRun(data, blocks, workers, (first, bytes) => builder.AddBlocks(first, bytes));
        return builder.Finish(uuid);
    }

    /// <summary>Reads <paramref name="blocks"/> blocks in runs of 1 MiB and hands each to <paramref name="use"/>, on several threads.</summary>
    internal static void ForEachRun(ByteSource data, long blocks, int workers, ReadOnlySpanAction use)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        long runs = ((blocks - 1) / BlocksAtATime) + 1;
        try
        {
            Parallel.For(
                0,
                runs,
                new ParallelOptions { MaxDegreeOfParallelism = workers },
                () => GC.AllocateUninitializedArray<byte>((int)Math.Min(blocks, BlocksAtATime) * VeritySuperblock.BlockSize),
                (run, _, buffer) =>
                {
                    long first = run * BlocksAtATime;
                    int count = (int)Math.Min(blocks - first, BlocksAtATime);
                    Span<byte> bytes = buffer.AsSpan(0, count * VeritySuperblock.BlockSize);
                    data.ReadExactly(first * VeritySuperblock.BlockSize, bytes);
                    use(first, bytes);
                    return buffer;
                },
                _ => { });
        }
        catch (AggregateException e) when (e.InnerExceptions.Count > 0)
        {
            // Callers expect the exception that reading the source throws, not how the work was spread.
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }

    /// <summary>Receives a run of whole blocks.</summary>
    internal delegate void ReadOnlySpanAction(long firstBlock, ReadOnlySpan<byte> bytes);
}
