using System.Globalization;
using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Formats.Gpt;
using Mantle.ImageBuilder.Aws;
using Mantle.ImageBuilder.Publishing.Ebs;

namespace Mantle.ImageBuilder.Publishing.Verification;

/// <summary>What holding a volume against an image came to.</summary>
/// <param name="Sha256">The digest of the volume's bytes as far as the image goes; null when only samples were read.</param>
/// <param name="Compared">Blocks that were read and compared, holes that both have left out.</param>
/// <param name="Different">Which blocks are others, ascending; the first hundred.</param>
/// <param name="Behind">The first block with anything in it behind the image's end, or null.</param>
internal sealed record DiskComparison(string? Sha256, int Compared, IReadOnlyList<int> Different, int? Behind)
{
    private const int ShownBlocks = 100;

    /// <summary>Requests at a time: 16 MiB of blocks.</summary>
    private const int Window = 32;

    /// <summary>Compares.</summary>
    /// <param name="volume">The volume, read back.</param>
    /// <param name="image">The release's image.</param>
    /// <param name="sample">How many blocks to read of those that one of the two has, drawn by lot; null: all.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="CloudException">A block could not be read.</exception>
    public static async Task<DiskComparison> CompareAsync(SnapshotSource volume, ByteSource image, int? sample, CancellationToken cancellation)
    {
        int[] candidates = [.. Candidates(volume, image)];
        int[] chosen = sample is { } count && count < candidates.Length ? Draw(candidates, count) : candidates;
        using IncrementalHash? hash = chosen.Length == candidates.Length ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
        List<int> different = [];
        int? behind = null;
        long hashed = 0;
        byte[] expected = new byte[IBlockService.BlockSize];
        byte[] zeros = new byte[IBlockService.BlockSize];
        Stack<byte[]> free = new();
        Queue<(int Index, byte[] Buffer, Task<byte[]?> Block)> window = new();
        int next = 0;
        while (next < chosen.Length || window.Count > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            while (next < chosen.Length && window.Count < Window)
            {
                int wanted = chosen[next++];
                byte[] buffer = free.TryPop(out byte[]? used) ? used : GC.AllocateUninitializedArray<byte>(IBlockService.BlockSize);
                window.Enqueue((wanted, buffer, Task.Run(() => volume.FetchAsync(wanted, buffer), cancellation)));
            }

            (int index, byte[] rented, Task<byte[]?> block) = window.Dequeue();
            byte[] actual = await block.ConfigureAwait(false) ?? zeros;
            long offset = (long)index * IBlockService.BlockSize;
            int length = (int)Math.Clamp(image.Length - offset, 0, IBlockService.BlockSize);
            if (length > 0)
            {
                image.ReadExactly(offset, expected.AsSpan(0, length));
                if (!actual.AsSpan(0, length).SequenceEqual(expected.AsSpan(0, length)) && different.Count < ShownBlocks)
                {
                    different.Add(index);
                }

                if (hash is not null)
                {
                    AppendZeros(hash, zeros, offset - hashed);
                    hash.AppendData(actual, 0, length);
                    hashed = offset + length;
                }
            }

            if (actual.AsSpan(length).ContainsAnyExcept((byte)0))
            {
                behind ??= index;
            }

            free.Push(rented);
        }

        if (hash is not null)
        {
            AppendZeros(hash, zeros, image.Length - hashed);
        }

        return new(hash is null ? null : Convert.ToHexStringLower(hash.GetHashAndReset()), chosen.Length, different, behind);
    }

    /// <summary>Where blocks are, in the words of the partition table.</summary>
    public static string Describe(IReadOnlyList<int> blocks, GptTable? table)
    {
        IEnumerable<string> shown = blocks.Take(8).Select(block =>
        {
            long offset = (long)block * IBlockService.BlockSize;
            string[] partitions = [.. (table?.Partitions ?? []).Where(partition => partition.Offset < offset + IBlockService.BlockSize && offset < partition.Offset + partition.Length)
                .Select(partition => string.Create(CultureInfo.InvariantCulture, $"partition {partition.Number} \"{PrintedText.Escape(partition.Name)}\""))];
            return string.Create(CultureInfo.InvariantCulture, $"block {block} at {offset} ({(table is null ? $"{IBlockService.BlockSize} bytes" : partitions.Length == 0 ? "partition table" : string.Join(", ", partitions))})");
        });
        return string.Join(", ", shown) + (blocks.Count > 8 ? ", …" : "");
    }

    private static void AppendZeros(IncrementalHash hash, byte[] zeros, long count)
    {
        for (; count > 0; count -= zeros.Length)
        {
            hash.AppendData(zeros, 0, (int)Math.Min(count, zeros.Length));
        }
    }

    /// <summary>The blocks that are no hole in at least one of the two.</summary>
    private static SortedSet<int> Candidates(SnapshotSource volume, ByteSource image)
    {
        SortedSet<int> blocks = [.. volume.Blocks];
        Upload.BlockPlan plan = new(image);
        while (plan.Next() is { } index)
        {
            blocks.Add(index);
        }

        return blocks;
    }

    /// <summary>By lot, so that nobody knows before which blocks are looked at; the first and the last always.</summary>
    private static int[] Draw(int[] candidates, int count)
    {
        int[] drawn = [.. candidates];
        RandomNumberGenerator.Shuffle(drawn.AsSpan(1..^1));
        return [.. drawn.AsSpan(1, Math.Max(count - 2, 0)).ToArray().Append(candidates[0]).Append(candidates[^1]).Order()];
    }
}
