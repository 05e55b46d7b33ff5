using Mantle.Formats.Bytes;

namespace Mantle.Formats.Erofs.Compression;

/// <summary>
/// Makes extents of the entries of an index, which are added in order, and checks each of them: that distances lead where extents start,
/// that the file is covered from its first byte to its last, that every physical cluster lies in the image.
/// </summary>
internal sealed class ErofsExtentBuilder(ErofsInode inode, ErofsClusterHeader header, ErofsCompression compression, ErofsSuperblock superblock, long indexEnd)
{
    private const int NoBlocks = -1;

    private readonly List<ErofsExtent> _extents = [];
    private readonly long _imageLength = (long)superblock.BlockCount << superblock.BlockSizeBits;
    private readonly bool _isInline = header.Flags.HasFlag(ErofsClusterHeader.Advice.InlineTail);
    private readonly bool _isFragment = header.Flags.HasFlag(ErofsClusterHeader.Advice.FragmentTail);
    private long _number; // of the next entry
    private bool _isOpen;
    private ErofsCluster _head;
    private long _headNumber;
    private long _start;
    private int _blocks; // what the second entry of the open extent says
    private long _reach; // the farthest that an entry of the open extent says the next one is

    /// <summary>Extents with clusters of their own, in order.</summary>
    public ErofsExtent[] Extents => [.. _extents];

    /// <summary>Where the tail starts that is a fragment; the length of the file where it has none.</summary>
    public long FragmentStart { get; private set; } = inode.Size;

    /// <summary>Offset of that tail in the packed inode.</summary>
    public long FragmentOffset { get; private set; }

    public void Add(in ErofsCluster cluster)
    {
        if (cluster.Type == ErofsCluster.Kind.Continued)
        {
            Continue(cluster);
        }
        else
        {
            Open(cluster);
        }

        _number++;
    }

    /// <summary>Ends the last extent.</summary>
    public void Finish() => Close(inode.Size, _number);

    public MalformedInputException Malformed(string problem) =>
        new(ErofsFormat.Name, inode.Offset, $"cluster {_number} of inode {inode.Nid}: {problem}");

    private void Open(in ErofsCluster cluster)
    {
        long start = (_number << header.ClusterBits) + cluster.Offset;
        if (cluster.Offset >> header.ClusterBits != 0 || start > inode.Size || (_number == 0 && start != 0))
        {
            throw Malformed($"extent starts at {cluster.Offset} of the cluster");
        }

        Close(start, _number);

        // The last entry may do no more than end the last extent where the file ends.
        _isOpen = start < inode.Size;
        _head = cluster;
        _headNumber = _number;
        _start = start;
        _blocks = NoBlocks;
        _reach = 0;
    }

    private void Continue(in ErofsCluster cluster)
    {
        long distance = _number - _headNumber;
        if (!_isOpen || (cluster.Back is { } back && (back == 0 || back > distance)))
        {
            throw Malformed($"continues an extent {cluster.Back} clusters before, where none starts");
        }

        if (cluster.Blocks is { } blocks)
        {
            if (distance != 1 || (header.Flags & (ErofsClusterHeader.Advice.BigHead1 | ErofsClusterHeader.Advice.BigHead2)) == 0)
            {
                throw Malformed("has a number of blocks where none belongs");
            }

            _blocks = blocks;
        }

        _reach = Math.Max(_reach, _number + cluster.Forward);
    }

    private void Close(long end, long number)
    {
        if (!_isOpen)
        {
            return;
        }

        _isOpen = false;
        if (_reach > number)
        {
            throw Malformed($"extent ends {_reach - number} clusters before where it was announced");
        }

        bool isTail = end == inode.Size;
        if (isTail && _isFragment)
        {
            FragmentStart = _start;
            FragmentOffset = header.FragmentOffset;
            if (inode.DataLayout == ErofsDataLayout.CompressedFull)
            {
                FragmentOffset |= (long)_head.Block << 32;
            }

            return;
        }

        (long source, int length) = isTail && _isInline ? InlineTail() : Blocks(number - _headNumber > 1);
        ErofsAlgorithm algorithm = Algorithm(end - _start, length);
        _extents.Add(new ErofsExtent(_start, source, length, algorithm, _head.IsPartial));
    }

    private (long Source, int Length) InlineTail() =>
        indexEnd > _imageLength - header.InlineLength || (indexEnd % superblock.BlockSize) + header.InlineLength > superblock.BlockSize
            ? throw Malformed($"inline tail of {header.InlineLength} bytes crosses a block boundary")
            : (indexEnd, header.InlineLength);

    private (long Source, int Length) Blocks(bool hasSecond)
    {
        bool isBig = header.Flags.HasFlag(_head.Type == ErofsCluster.Kind.Head1 ? ErofsClusterHeader.Advice.BigHead1 : ErofsClusterHeader.Advice.BigHead2);
        int blocks = isBig && hasSecond ? _blocks : 1;
        if (blocks <= 0 || (_blocks != NoBlocks && _blocks != blocks))
        {
            throw Malformed("length of the extent before is not said, or said to be impossible");
        }

        long source = (long)_head.Block << superblock.BlockSizeBits;
        long length = (long)blocks << superblock.BlockSizeBits;
        return length > ErofsFormat.MaximumClusterLength || source > _imageLength - length
            ? throw Malformed($"{blocks} blocks at block {_head.Block} are too many or outside the file system")
            : (source, (int)length);
    }

    private ErofsAlgorithm Algorithm(long length, int sourceLength)
    {
        if (length > ErofsFormat.MaximumExtentLength)
        {
            throw Malformed($"extent of {length} bytes is not possible");
        }

        if (_head.Type != ErofsCluster.Kind.Plain)
        {
            int number = _head.Type == ErofsCluster.Kind.Head1 ? header.Algorithm1 : header.Algorithm2;
            return compression.Has(number) ? (ErofsAlgorithm)number : throw Malformed($"compression algorithm {number} is not announced by the superblock");
        }

        if (length > sourceLength)
        {
            throw Malformed($"{length} bytes that are not compressed are said to be in {sourceLength}");
        }

        return header.Flags.HasFlag(ErofsClusterHeader.Advice.Interlaced) ? ErofsAlgorithm.Interlaced : ErofsAlgorithm.Plain;
    }
}
