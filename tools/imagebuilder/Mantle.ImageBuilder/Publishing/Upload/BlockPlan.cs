using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Publishing.Ebs;

namespace Mantle.ImageBuilder.Publishing.Upload;

/// <summary>The blocks of an image, handed out one by one to whoever asks, without those that are holes; and what became of them.</summary>
/// <param name="image">The image.</param>
internal sealed class BlockPlan(ByteSource image)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, byte[]> _digests = [];
    private long _next;
    private long _done;

    /// <summary>Bytes.</summary>
    public long Length => image.Length;

    /// <summary>Blocks, the last one perhaps shorter.</summary>
    public int Count => checked((int)((image.Length + IBlockService.BlockSize - 1) / IBlockService.BlockSize));

    /// <summary>GiB that a volume has to have.</summary>
    public int VolumeSize => checked((int)Math.Max(1, (image.Length + (1L << 30) - 1) >> 30));

    /// <summary>Bytes that are dealt with.</summary>
    public long Done => Interlocked.Read(ref _done);

    /// <summary>Blocks with something in them, so far.</summary>
    public int Written
    {
        get
        {
            lock (_lock)
            {
                return _digests.Count;
            }
        }
    }

    /// <summary>The next block that may have something in it, or null.</summary>
    public int? Next()
    {
        lock (_lock)
        {
            if (_next >= image.Length)
            {
                return null;
            }

            long data = image.FindData(_next);
            long start = Math.Min(data - (data % IBlockService.BlockSize), image.Length);
            if (start > _next)
            {
                Interlocked.Add(ref _done, start - _next);
                _next = start;
            }

            if (data >= image.Length)
            {
                Interlocked.Add(ref _done, image.Length - _next);
                _next = image.Length;
                return null;
            }

            _next = Math.Min(start + IBlockService.BlockSize, image.Length);
            return (int)(start / IBlockService.BlockSize);
        }
    }

    /// <summary>Reads a block, the last one filled up with zeros.</summary>
    /// <returns>Whether there is anything in it but zeros.</returns>
    public bool Read(int index, Span<byte> block)
    {
        long offset = (long)index * IBlockService.BlockSize;
        int length = (int)Math.Min(IBlockService.BlockSize, image.Length - offset);
        image.ReadExactly(offset, block[..length]);
        block[length..].Clear();
        return block.ContainsAnyExcept((byte)0);
    }

    /// <summary>A block is dealt with.</summary>
    /// <param name="index">The block.</param>
    /// <param name="digest">Its digest; null: it is zero.</param>
    public void Finish(int index, byte[]? digest)
    {
        Interlocked.Add(ref _done, Math.Min(IBlockService.BlockSize, image.Length - ((long)index * IBlockService.BlockSize)));
        if (digest is not null)
        {
            lock (_lock)
            {
                _digests[index] = digest;
            }
        }
    }

    /// <summary>The indexes of the blocks with something in them, ascending, with their digests.</summary>
    public IReadOnlyList<KeyValuePair<int, byte[]>> Digests()
    {
        lock (_lock)
        {
            return [.. _digests.OrderBy(pair => pair.Key)];
        }
    }

    /// <summary>SHA-256 of all digests in the order of their blocks: the aggregation LINEAR.</summary>
    public byte[] Checksum()
    {
        using System.Security.Cryptography.IncrementalHash hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        foreach ((_, byte[] digest) in Digests())
        {
            hash.AppendData(digest);
        }

        return hash.GetHashAndReset();
    }

    /// <summary>Reads and digests everything, and sends nothing.</summary>
    public void Scan(int workers, CancellationToken cancellation)
    {
        try
        {
            Parallel.For(0, workers, new ParallelOptions { CancellationToken = cancellation }, _ => ScanBlocks(cancellation));
        }
        catch (AggregateException e) when (e.InnerExceptions is [{ } cause, ..])
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(cause);
        }
    }

    private void ScanBlocks(CancellationToken cancellation)
    {
        byte[] block = GC.AllocateUninitializedArray<byte>(IBlockService.BlockSize);
        while (Next() is { } index)
        {
            cancellation.ThrowIfCancellationRequested();
            Finish(index, Read(index, block) ? System.Security.Cryptography.SHA256.HashData(block) : null);
        }
    }
}
