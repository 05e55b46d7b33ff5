using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Mantle.Formats.Bytes;

/// <summary>
/// Digests of several contents by several algorithms, streaming. A content is read once and every buffer goes to all algorithms while it is in the
/// processor's cache; contents are shared out over the processors, the costliest first. Only a content that would keep one processor
/// busy after the others are done is read twice, each time for half of the algorithms.
/// </summary>
public static class ContentDigest
{
    /// <summary>Small enough to stay in the cache between the algorithms, large enough that a read costs little.</summary>
    private const int BufferSize = 128 * 1024;

    /// <summary>Below this many bytes in total, starting threads costs more than they save.</summary>
    private const long WorthThreads = 512 * 1024;

    /// <summary>The digests: first index the content, second the algorithm. The same source given twice is hashed once.</summary>
    public static byte[][][] Compute(IReadOnlyList<ByteSource> contents, IReadOnlyList<HashAlgorithmName> algorithms)
    {
        Dictionary<ByteSource, byte[][]> digests = new(ReferenceEqualityComparer.Instance);
        foreach (ByteSource content in contents)
        {
            digests.TryAdd(content, new byte[algorithms.Count][]);
        }

        List<Job> jobs = [];
        long total = digests.Keys.Sum(content => content.Length);
        foreach ((ByteSource content, byte[][] results) in digests)
        {
            bool isShared = total >= WorthThreads && content.Length > total / (2 * Environment.ProcessorCount) && algorithms.Count > 1;
            int[] all = [.. Enumerable.Range(0, algorithms.Count)];
            int[][] groups = isShared ? [[.. all.Where(i => i % 2 == 0)], [.. all.Where(i => i % 2 == 1)]] : [all];
            jobs.AddRange(groups.Select(group => new Job(content, group, results, content.Length * group.Sum(i => RelativeCost(algorithms[i])))));
        }

        if (total < WorthThreads || jobs.Count == 1)
        {
            jobs.ForEach(job => Run(job, algorithms));
        }
        else
        {
            jobs.Sort((a, b) => b.Cost.CompareTo(a.Cost));
            Parallel.ForEach(Partitioner.Create(jobs, EnumerablePartitionerOptions.NoBuffering), job => Run(job, algorithms));
        }

        return [.. contents.Select(content => digests[content])];
    }

    /// <summary>The digest of one content by one algorithm.</summary>
    public static byte[] Compute(ByteSource content, HashAlgorithmName algorithm) => Compute([content], [algorithm])[0][0];

    private static void Run(Job job, IReadOnlyList<HashAlgorithmName> algorithms)
    {
        IncrementalHash[] hashes = [.. job.Algorithms.Select(i => IncrementalHash.CreateHash(algorithms[i]))];
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(job.Content.Length, BufferSize));
        try
        {
            for (long at = 0; at < job.Content.Length;)
            {
                int count = (int)Math.Min(job.Content.Length - at, Math.Min(buffer.Length, BufferSize));
                job.Content.ReadExactly(at, buffer.AsSpan(0, count));
                foreach (IncrementalHash hash in hashes)
                {
                    hash.AppendData(buffer, 0, count);
                }

                at += count;
            }

            for (int i = 0; i < hashes.Length; i++)
            {
                job.Results[job.Algorithms[i]] = hashes[i].GetHashAndReset();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            Array.ForEach(hashes, hash => hash.Dispose());
        }
    }

    /// <summary>With SHA extensions, SHA-1 and SHA-256 run about three times as fast as the 64 bit pair.</summary>
    private static long RelativeCost(HashAlgorithmName algorithm) =>
        algorithm == HashAlgorithmName.SHA384 || algorithm == HashAlgorithmName.SHA512 ? 3 : 1;

    private sealed record Job(ByteSource Content, int[] Algorithms, byte[][] Results, long Cost);
}
