using Mantle.Formats.Bytes;

namespace Mantle.Formats.Ext4;

/// <summary>Collects where the blocks of a file are. Neighbours that are neighbours on disk too become one extent.</summary>
internal sealed class Ext4Map(Ext4Inode inode, Ext4Superblock superblock, ByteSource image)
{
    private readonly List<ByteSource.Extent> _extents = [];
    private (long Logical, long Block, long Length) _run;

    public Ext4Inode Inode => inode;

    /// <summary>Blocks that the file's length needs.</summary>
    public long BlockCount { get; } = (inode.Size + superblock.BlockSize - 1) >> superblock.BlockSizeBits;

    /// <summary>Adds blocks, which come in order. Blocks beyond the end of the file are there in advance, and left out.</summary>
    public void Add(long logical, long block, int length, bool isWritten)
    {
        if (length == 0 || block == 0 || block > superblock.BlockCount - length)
        {
            throw inode.Malformed($"has {length} blocks at block {block} of {superblock.BlockCount}");
        }

        long count = Math.Min(length, BlockCount - logical);
        if (!isWritten || count <= 0)
        {
            return;
        }

        if (_run.Length > 0 && logical == _run.Logical + _run.Length && block == _run.Block + _run.Length)
        {
            _run.Length += count;
            return;
        }

        AddRun();
        _run = (logical, block, count);
    }

    public ByteSource ToSource()
    {
        AddRun();
        return _extents is [{ Offset: 0 } whole] && whole.Source.Length == inode.Size ? whole.Source : ByteSource.Compose(inode.Size, _extents);
    }

    private void AddRun()
    {
        if (_run.Length > 0)
        {
            long offset = _run.Logical << superblock.BlockSizeBits;
            long length = Math.Min(_run.Length << superblock.BlockSizeBits, inode.Size - offset);
            _extents.Add(new(offset, image.Slice(_run.Block << superblock.BlockSizeBits, length)));
        }

        _run = default;
    }
}
