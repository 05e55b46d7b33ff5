using System.Runtime.CompilerServices;
using Mantle.ImageBuilder.Aws;

namespace Mantle.ImageBuilder.Publishing.Ebs;

/// <summary>All blocks of a snapshot, page by page.</summary>
internal static class BlockList
{
    /// <summary>The blocks by ascending index.</summary>
    /// <exception cref="CloudException">A call failed, and stayed so.</exception>
    public static async IAsyncEnumerable<ListedBlock> ReadAsync(IBlockService service, string snapshot, Retries retries, [EnumeratorCancellation] CancellationToken cancellation)
    {
        string? token = null;
        long before = -1;
        do
        {
            string? from = token;
            BlockPage page = await retries.RunAsync(() => service.ListBlocksAsync(snapshot, from, cancellation), waitsForVisibility: false, cancellation).ConfigureAwait(false);
            foreach (ListedBlock block in page.Blocks)
            {
                // A page that repeats what was before would never end.
                if (block.Index <= before)
                {
                    throw new CloudException(CloudFailure.Refused, $"{service.Region}: ListSnapshotBlocks answered with block {block.Index} behind block {before}", "check the endpoint");
                }

                before = block.Index;
                yield return block;
            }

            if (page.Blocks.Count == 0 && page.Next is not null)
            {
                throw new CloudException(CloudFailure.Refused, $"{service.Region}: ListSnapshotBlocks answered with an empty page that is not the last", "check the endpoint");
            }

            token = page.Next;
        }
        while (token is not null);
    }
}
