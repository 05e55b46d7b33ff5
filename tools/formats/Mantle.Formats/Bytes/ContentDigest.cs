using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Mantle.Formats.Bytes;

/// <summary>
/// Digests of several contents by several algorithms, streaming. Each pair of content and algorithm is one job, the costliest first, so that
/// both cores are busy to the end. Jobs read for themselves: a read from the page cache costs a tenth of hashing what it returns,
/// while algorithms that share one read wait for the slowest of them at every buffer.
/// </summary>
public static class ContentDigest
{
    private const int BufferSize = 256 * 1024;

    /// <summary>Below this many bytes in total, starting threads costs more than they save.</summary>
    private const long WorthThreads = 512 * 1024;

    /// <summary>The digests: first index the content, second the algorithm.</summary>
    public static byte[][][] Compute(IReadOnlyList<ByteSource> contents, IReadOnlyList<HashAlgorithmName> algorithms)
    {
        byte[][][] digests = new byte[contents.Count][][];
        List<(int Content, int Algorithm, long Cost)> jobs = new(contents.Count * algorithms.Count);
        long total = 0;
        for (int content = 0; content < contents.Count; content++)
        {
            digests[content] = new byte[algorithms.Count][];
            total += contents[content].Length * algorithms.Count;
            for (int algorithm = 0; algorithm < algorithms.Count; algorithm++)
            {
                jobs.Add((content, algorithm, contents[content].Length * RelativeCost(algorithms[algorithm])));
            }
        }

        void Run((int Content, int Algorithm, long Cost) job) =>
            digests[job.Content][job.Algorithm] = Compute(contents[job.Content], algorithms[job.Algorithm]);

        if (total < WorthThreads)
        {
            jobs.ForEach(Run);
        }
        else
        {
            jobs.Sort((a, b) => b.Cost.CompareTo(a.Cost));
            Parallel.ForEach(Partitioner.Create(jobs, EnumerablePartitionerOptions.NoBuffering), Run);
        }

        return digests;
    }

    /// <summary>The digest of one content by one algorithm.</summary>
    public static byte[] Compute(ByteSource content, HashAlgorithmName algorithm)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(algorithm);
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(content.Length, BufferSize));
        try
        {
            for (long at = 0; at < content.Length;)
            {
                int count = (int)Math.Min(content.Length - at, buffer.Length);
                content.ReadExactly(at, buffer.AsSpan(0, count));
                hash.AppendData(buffer, 0, count);
                at += count;
            }

            return hash.GetHashAndReset();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>With SHA extensions, SHA-1 and SHA-256 run about three times as fast as the 64 bit pair.</summary>
    private static long RelativeCost(HashAlgorithmName algorithm) =>
        algorithm == HashAlgorithmName.SHA384 || algorithm == HashAlgorithmName.SHA512 ? 3 : 1;
}
