using System.Collections.Concurrent;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Aws;
using Mantle.ImageBuilder.Publishing.Ebs;

namespace Mantle.ImageBuilder.Publishing.Verification;

/// <summary>The volume that a snapshot is of, read block by block as it is asked for. Blocks that the snapshot does not have are zero.</summary>
internal sealed class SnapshotSource : ByteSource
{
    /// <summary>Blocks that are kept, 48 MiB: more than a boot file has, which is read several times.</summary>
    private const int KeptBlocks = 96;

    /// <summary>Blocks that are fetched before they are asked for, so that reading in order does not wait for each.</summary>
    private const int Ahead = 8;

    private readonly IBlockService _service;
    private readonly Retries _retries;
    private readonly string _snapshot;
    private readonly SortedList<int, ListedBlock> _listed;
    private readonly CancellationToken _cancellation;
    private readonly Lock _lock = new();
    private readonly Dictionary<int, Task<byte[]>> _kept = [];
    private readonly Queue<int> _order = new();
    private readonly ConcurrentDictionary<int, bool> _read = new();

    private SnapshotSource(IBlockService service, Retries retries, string snapshot, SortedList<int, ListedBlock> listed, long length, CancellationToken cancellation) =>
        (_service, _retries, _snapshot, _listed, Length, _cancellation) = (service, retries, snapshot, listed, length, cancellation);

    /// <summary>Bytes of the volume.</summary>
    public override long Length { get; }

    /// <summary>The indexes of the blocks that the snapshot has, ascending.</summary>
    public IList<int> Blocks => _listed.Keys;

    /// <summary>The blocks that were asked for so far.</summary>
    public IReadOnlyCollection<int> Read => [.. _read.Keys];

    /// <summary>Lists the blocks of a snapshot.</summary>
    /// <param name="service">EBS of the region.</param>
    /// <param name="retries">Waits.</param>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="volumeSize">GiB of its volume.</param>
    /// <param name="cancellation">Ends it, reads included.</param>
    /// <exception cref="CloudException">A call failed, and stayed so.</exception>
    public static async Task<SnapshotSource> OpenAsync(IBlockService service, Retries retries, string snapshot, int volumeSize, CancellationToken cancellation)
    {
        SortedList<int, ListedBlock> listed = [];
        await foreach (ListedBlock block in BlockList.ReadAsync(service, snapshot, retries, cancellation).ConfigureAwait(false))
        {
            listed.Add(block.Index, block);
        }

        return new(service, retries, snapshot, listed, (long)volumeSize << 30, cancellation);
    }

    /// <inheritdoc/>
    public override long FindData(long offset)
    {
        int index = FirstListed((int)(offset / IBlockService.BlockSize));
        return index == _listed.Count ? Length : Math.Min(Math.Max(offset, (long)_listed.GetKeyAtIndex(index) * IBlockService.BlockSize), Length);
    }

    /// <summary>Fetches a block, held against its checksum; null: the snapshot does not have it. Nothing is kept.</summary>
    /// <exception cref="CloudException">A call failed, and stayed so.</exception>
    public async Task<byte[]?> FetchAsync(int index, byte[] buffer)
    {
        if (!_listed.TryGetValue(index, out ListedBlock block))
        {
            return null;
        }

        _read[index] = true;
        await _retries.RunAsync(
            async () =>
            {
                await _service.GetBlockAsync(_snapshot, block, buffer, _cancellation).ConfigureAwait(false);
                return true;
            },
            waitsForVisibility: false,
            _cancellation).ConfigureAwait(false);
        return buffer;
    }

    /// <inheritdoc/>
    protected override void ReadCore(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int index = (int)(offset / IBlockService.BlockSize);
            int start = (int)(offset % IBlockService.BlockSize);
            int count = Math.Min(IBlockService.BlockSize - start, destination.Length);
            if (_listed.ContainsKey(index))
            {
                Get(index).AsSpan(start, count).CopyTo(destination);
            }
            else
            {
                destination[..count].Clear();
            }

            destination = destination[count..];
            offset += count;
        }
    }

    // Readers of bytes do not wait asynchronously; this is the one place where the two meet.
    private byte[] Get(int index)
    {
        Task<byte[]> wanted;
        lock (_lock)
        {
            wanted = Keep(index);
            for (int at = _listed.IndexOfKey(index) + 1, end = Math.Min(at + Ahead, _listed.Count); at < end; at++)
            {
                Keep(_listed.GetKeyAtIndex(at));
            }
        }

        return wanted.GetAwaiter().GetResult();
    }

    private Task<byte[]> Keep(int index)
    {
        if (_kept.TryGetValue(index, out Task<byte[]>? known))
        {
            return known;
        }

        while (_order.Count >= KeptBlocks)
        {
            _kept.Remove(_order.Dequeue());
        }

        _order.Enqueue(index);
        Task<byte[]> made = Task.Run(async () => (await FetchAsync(index, GC.AllocateUninitializedArray<byte>(IBlockService.BlockSize)).ConfigureAwait(false))!, _cancellation);
        _kept.Add(index, made);
        return made;
    }

    private int FirstListed(int index)
    {
        int low = 0;
        int high = _listed.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _listed.GetKeyAtIndex(middle) < index ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
