using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Squashfs;

/// <content>Where the bytes of files are.</content>
public sealed partial class SquashfsReader
{
    private ByteSource Content(SquashfsInode inode)
    {
        if (inode.Size == 0)
        {
            return ByteSource.Empty;
        }

        int blockSize = Superblock.BlockSize;
        int count = inode.Blocks.Length / sizeof(uint);
        long inBlocks = inode.Fragment == SquashfsFormat.NoFragment ? inode.Size : inode.Size / blockSize * blockSize;
        ByteSource? tail = inBlocks == inode.Size ? null : Fragment(inode, (int)(inode.Size - inBlocks));
        if (count == 0)
        {
            return tail!;
        }

        SquashfsBlockList list = BlockList(inode, count);
        SquashfsFileSource blocks = new(_blocks, list, inBlocks, blockSize);
        return tail is null ? blocks : ByteSource.Compose(inode.Size, [new(0, blocks), new(inBlocks, tail)]);
    }

    private SquashfsBlockList BlockList(SquashfsInode inode, int count)
    {
        uint[] lengths = new uint[count];
        long[] offsets = new long[count];
        ulong offset = inode.Start;
        for (int i = 0; i < count; i++)
        {
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(inode.Blocks.AsSpan(i * sizeof(uint)));
            uint stored = length & ~SquashfsFormat.DataPlainFlag;
            if (stored > Superblock.BlockSize || stored > Superblock.Length || offset > (ulong)(Superblock.Length - stored))
            {
                throw Malformed((long)Superblock.InodeTable, $"block of {stored} bytes at 0x{offset:x} is too long or outside the file system");
            }

            lengths[i] = length;
            offsets[i] = (long)offset;
            offset += stored;
        }

        return new SquashfsBlockList(offsets, lengths);
    }

    // Start (8), length (4), unused (4).
    private ByteSource Fragment(SquashfsInode inode, int length)
    {
        if (inode.Fragment >= Superblock.FragmentCount)
        {
            throw Malformed((long)Superblock.InodeTable, $"fragment {inode.Fragment} of {Superblock.FragmentCount} is not defined");
        }

        Span<byte> entry = stackalloc byte[SquashfsFormat.FragmentEntryLength];
        _metadata.ReadEntry(Superblock.FragmentTable, inode.Fragment, entry);
        ulong start = BinaryPrimitives.ReadUInt64LittleEndian(entry);
        uint stored = BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]);
        uint bytes = stored & ~SquashfsFormat.DataPlainFlag;
        return bytes == 0 || bytes > Superblock.BlockSize || bytes > Superblock.Length || start > (ulong)(Superblock.Length - bytes) || inode.Offset > Superblock.BlockSize - length
            ? throw Malformed((long)Superblock.FragmentTable, $"fragment of {bytes} bytes at 0x{start:x} is too long or outside the file system")
            : new SquashfsFragmentSource(_blocks, (long)start, stored, (int)inode.Offset, length, Superblock.BlockSize);
    }
}
