namespace Mantle.ImageBuilder.Publishing.Ebs;

/// <summary>
/// The five calls of the EBS direct APIs that publishing and verifying need. One attempt each: who calls decides what to try again. AWS's own package for them can
/// take the place of <see cref="EbsClient"/> behind this.
/// </summary>
internal interface IBlockService : IDisposable
{
    /// <summary>Bytes of a block.</summary>
    const int BlockSize = 524_288;

    /// <summary>The region, for messages.</summary>
    string Region { get; }

    /// <summary>Starts a snapshot, or finds the one that the same client token has started.</summary>
    Task<StartedSnapshot> StartSnapshotAsync(SnapshotDraft draft, CancellationToken cancellation);

    /// <summary>Puts a block of a pending snapshot. Twice is the same as once.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="index">The block's offset in blocks.</param>
    /// <param name="block"><see cref="BlockSize"/> bytes.</param>
    /// <param name="digest">Their SHA-256.</param>
    /// <param name="cancellation">Ends it.</param>
    Task PutBlockAsync(string snapshot, int index, ReadOnlyMemory<byte> block, ReadOnlyMemory<byte> digest, CancellationToken cancellation);

    /// <summary>Seals a snapshot: no block can be put any more.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="blocks">How many blocks it has.</param>
    /// <param name="checksum">SHA-256 of the digests of its blocks in the order of their indexes: the aggregation LINEAR.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Its state.</returns>
    Task<string> CompleteSnapshotAsync(string snapshot, int blocks, ReadOnlyMemory<byte> checksum, CancellationToken cancellation);

    /// <summary>A page of the blocks that a snapshot has, by ascending index.</summary>
    Task<BlockPage> ListBlocksAsync(string snapshot, string? pageToken, CancellationToken cancellation);

    /// <summary>Reads a block and holds it against the checksum that comes with it.</summary>
    Task GetBlockAsync(string snapshot, ListedBlock block, Memory<byte> destination, CancellationToken cancellation);
}

/// <summary>What a snapshot is to be.</summary>
/// <param name="VolumeSize">GiB.</param>
/// <param name="Description">For people.</param>
/// <param name="ClientToken">The same token with the same draft is the same snapshot.</param>
/// <param name="Tags">Key and value.</param>
internal sealed record SnapshotDraft(int VolumeSize, string Description, string ClientToken, IReadOnlyList<KeyValuePair<string, string>> Tags);

/// <summary>A snapshot as StartSnapshot answers it.</summary>
/// <param name="Id">For example <c>snap-0123456789abcdef0</c>.</param>
/// <param name="State"><c>pending</c>, <c>completed</c> or <c>error</c>.</param>
internal sealed record StartedSnapshot(string Id, string State);

/// <summary>A block that a snapshot has.</summary>
/// <param name="Index">Its offset in blocks.</param>
/// <param name="Token">What reading it needs.</param>
internal readonly record struct ListedBlock(int Index, string Token);

/// <summary>A page of blocks.</summary>
/// <param name="VolumeSize">GiB of the whole volume.</param>
/// <param name="Blocks">By ascending index.</param>
/// <param name="Next">Asks for the next page; null: it was the last.</param>
internal sealed record BlockPage(long VolumeSize, IReadOnlyList<ListedBlock> Blocks, string? Next);
