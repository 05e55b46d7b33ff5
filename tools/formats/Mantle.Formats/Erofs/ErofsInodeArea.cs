namespace Mantle.Formats.Erofs;

/// <summary>
/// Gives inodes their places. An inode with its attributes and tail stays within one block; it goes where it fits most tightly,
/// so that the gaps that large tails leave are taken by small files, and into a new block when it fits nowhere.
/// </summary>
internal sealed class ErofsInodeArea(long firstBlock)
{
    private const int SlotsPerBlock = ErofsFormat.BlockSize / ErofsFormat.SlotLength;

    // Blocks by the number of free slots at their end. The block opened last is taken first: it is nearest to the neighbours in the tree.
    private readonly Stack<long>?[] _blocksByFreeSlots = new Stack<long>?[SlotsPerBlock + 1];

    /// <summary>The block behind the area.</summary>
    public long EndBlock { get; private set; } = firstBlock;

    /// <summary>Takes room for <paramref name="length"/> bytes and returns its offset in the image, a multiple of 32.</summary>
    public long Take(int length)
    {
        int slots = (length + ErofsFormat.SlotLength - 1) / ErofsFormat.SlotLength;
        for (int free = slots; free <= SlotsPerBlock; free++)
        {
            if (_blocksByFreeSlots[free] is { Count: > 0 } blocks)
            {
                return TakeEnd(blocks.Pop(), free, slots);
            }
        }

        // Only attributes of more than a block get here with more slots than a block has; they may cross blocks (Linux fs/erofs/xattr.c).
        long block = EndBlock;
        int wholeBlocks = (slots - 1) / SlotsPerBlock;
        EndBlock += wholeBlocks + 1;
        TakeEnd(block + wholeBlocks, SlotsPerBlock, slots - (wholeBlocks * SlotsPerBlock));
        return block * ErofsFormat.BlockSize;
    }

    private long TakeEnd(long block, int free, int slots)
    {
        if (free > slots)
        {
            (_blocksByFreeSlots[free - slots] ??= new()).Push(block);
        }

        return (block * ErofsFormat.BlockSize) + ((SlotsPerBlock - free) * ErofsFormat.SlotLength);
    }
}
