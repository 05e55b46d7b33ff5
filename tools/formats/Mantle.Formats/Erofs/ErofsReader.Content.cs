using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Erofs;

/// <content>Where the bytes of files are.</content>
public sealed partial class ErofsReader
{
    private const int ChunkBitsMask = 0x1F;
    private const int ChunkHasIndexes = 0x20;

    private ByteSource Content(ErofsInode inode, Budget budget) => inode.DataLayout switch
    {
        _ when inode.Size == 0 => ByteSource.Empty,
        _ when inode.IsCompressed => Compressed(inode, budget),
        ErofsDataLayout.Plain => Blocks(inode, inode.Size),
        ErofsDataLayout.Inline => WithTail(inode),
        _ => Chunks(inode, budget),
    };

    private ByteSource Blocks(ErofsInode inode, long length)
    {
        long offset = (long)inode.Data << Superblock.BlockSizeBits;
        return offset > _length || length > _length - offset
            ? throw Malformed(inode.Offset, $"{length} bytes at block {inode.Data} are outside the file system")
            : _image.Slice(offset, length);
    }

    private ByteSource WithTail(ErofsInode inode)
    {
        int blockSize = Superblock.BlockSize;
        long inBlocks = (inode.Size - 1) / blockSize * blockSize;
        long tail = inode.Size - inBlocks;
        if (inode.BodyOffset > _length - tail || (inode.BodyOffset % blockSize) + tail > blockSize)
        {
            throw Malformed(inode.Offset, $"tail of {tail} bytes crosses a block boundary");
        }

        ByteSource tailBytes = _image.Slice(inode.BodyOffset, tail);
        return inBlocks == 0 ? tailBytes : ByteSource.Compose(inode.Size, [new(0, Blocks(inode, inBlocks)), new(inBlocks, tailBytes)]);
    }

    private ByteSource Chunks(ErofsInode inode, Budget budget)
    {
        int format = (int)(inode.Data & 0xFFFF);
        if ((format & ~(ChunkBitsMask | ChunkHasIndexes)) != 0)
        {
            throw Malformed(inode.Offset, $"chunk format 0x{format:x4} is not supported");
        }

        bool hasIndexes = (format & ChunkHasIndexes) != 0;
        int unit = hasIndexes ? ErofsFormat.ChunkIndexLength : ErofsFormat.ChunkBlockAddressLength;
        int chunkBits = Superblock.BlockSizeBits + (format & ChunkBitsMask);
        long count = ((inode.Size - 1) >> chunkBits) + 1;
        long tableOffset = ErofsFormat.RoundUp(inode.BodyOffset, unit);
        if (count > Math.Min(_length, Array.MaxLength) / unit || tableOffset > _length - (count * unit))
        {
            throw Malformed(inode.Offset, $"{count} chunk addresses are outside the file system");
        }

        budget.Take(count * unit, inode.Offset);
        byte[] table = _image.ReadBytes(tableOffset, (int)(count * unit), ErofsFormat.Name);
        return ByteSource.Compose(inode.Size, ChunkExtents(inode, table, hasIndexes, chunkBits));
    }

    // Neighbours that are neighbours on disk too become one extent.
    private List<ByteSource.Extent> ChunkExtents(ErofsInode inode, byte[] table, bool hasIndexes, int chunkBits)
    {
        List<ByteSource.Extent> extents = [];
        (long Offset, long Source, long Length) run = (0, 0, 0);
        int unit = hasIndexes ? ErofsFormat.ChunkIndexLength : ErofsFormat.ChunkBlockAddressLength;
        for (int i = 0; i < table.Length / unit; i++)
        {
            ReadOnlySpan<byte> entry = table.AsSpan(i * unit, unit);
            if (hasIndexes && BinaryPrimitives.ReadUInt16LittleEndian(entry[2..]) != 0)
            {
                throw Malformed(inode.Offset, "chunk on another device is not supported");
            }

            uint block = BinaryPrimitives.ReadUInt32LittleEndian(entry[(unit - sizeof(uint))..]);
            if (block == ErofsFormat.NullBlock)
            {
                continue; // a hole
            }

            long offset = (long)i << chunkBits;
            long source = (long)block << Superblock.BlockSizeBits;
            long length = Math.Min(inode.Size - offset, 1L << chunkBits);
            if (source > _length || length > _length - source)
            {
                throw Malformed(inode.Offset, $"chunk of {length} bytes at block {block} is outside the file system");
            }

            if (offset == run.Offset + run.Length && source == run.Source + run.Length)
            {
                run.Length += length;
                continue;
            }

            AddRun();
            run = (offset, source, length);
        }

        AddRun();
        return extents;

        void AddRun()
        {
            if (run.Length > 0)
            {
                extents.Add(new(run.Offset, _image.Slice(run.Source, run.Length)));
            }
        }
    }
}
