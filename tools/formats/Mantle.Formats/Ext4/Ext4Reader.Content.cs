using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Ext4;

/// <content>Where the bytes of files are.</content>
public sealed partial class Ext4Reader
{
    private ByteSource Content(Ext4Inode inode, byte[]? inlineRest)
    {
        if (inode.Size == 0)
        {
            return ByteSource.Empty;
        }

        if (inode.Flags.HasFlag(Ext4Inode.Flag.InlineData))
        {
            // What is missing are zeros, to Linux too (ext4_read_inline_folio); mke2fs leaves holes of any length so.
            byte[] bytes = [.. inode.Map, .. inlineRest ?? []];
            return ByteSource.Compose(inode.Size, [new(0, ByteSource.FromMemory(bytes.AsMemory(0, (int)Math.Min(inode.Size, bytes.Length))))]);
        }

        Ext4Map map = new(inode, Superblock, _image);
        if (inode.Flags.HasFlag(Ext4Inode.Flag.Extents))
        {
            ReadExtents(map, inode.Map, 0, uint.MaxValue, isBlock: false);
        }
        else
        {
            ReadBlockMap(map, inode.Map);
        }

        return map.ToSource();
    }

    // Header: magic, entries, room, depth, generation. A leaf's entry: first block in the file, length, block (upper 16 bits, lower 32).
    // Another's: first block in the file, block (lower 32, upper 16), unused.
    private void ReadExtents(Ext4Map map, ReadOnlySpan<byte> node, long first, long expectedDepth, bool isBlock)
    {
        Ext4Inode inode = map.Inode;
        int count = BinaryPrimitives.ReadUInt16LittleEndian(node[2..]);
        int room = BinaryPrimitives.ReadUInt16LittleEndian(node[4..]);
        int depth = BinaryPrimitives.ReadUInt16LittleEndian(node[6..]);
        if (BinaryPrimitives.ReadUInt16LittleEndian(node) != Ext4Format.ExtentMagic
            || count > room
            || room > (node.Length / Ext4Format.ExtentEntryLength) - 1
            || depth > Ext4Format.MaximumExtentDepth
            || (isBlock && depth != expectedDepth))
        {
            throw inode.Malformed("has a damaged extent tree");
        }

        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = node.Slice((i + 1) * Ext4Format.ExtentEntryLength, Ext4Format.ExtentEntryLength);
            uint logical = BinaryPrimitives.ReadUInt32LittleEndian(entry);
            if (logical < first)
            {
                throw inode.Malformed("has extents out of order");
            }

            if (depth == 0)
            {
                int length = BinaryPrimitives.ReadUInt16LittleEndian(entry[4..]);
                long block = ((long)BinaryPrimitives.ReadUInt16LittleEndian(entry[6..]) << 32) | BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]);
                bool isWritten = length <= Ext4Format.MaximumWrittenExtent;
                length = isWritten ? length : length - Ext4Format.MaximumWrittenExtent;
                map.Add(logical, block, length, isWritten);
                first = (long)logical + length;
                continue;
            }

            long child = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]) | ((long)BinaryPrimitives.ReadUInt16LittleEndian(entry[8..]) << 32);
            byte[] bytes = ReadMapBlock(inode, child);
            VerifyExtents(inode, bytes);
            ReadExtents(map, bytes, logical, depth - 1, isBlock: true);
            first = logical + 1L;
        }
    }

    // Behind the room for entries: a checksum of what is before it (struct ext4_extent_tail).
    private void VerifyExtents(Ext4Inode inode, ReadOnlySpan<byte> bytes)
    {
        int end = Ext4Format.ExtentEntryLength * (1 + BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]));
        if (!Superblock.HasChecksums || end > bytes.Length - sizeof(uint))
        {
            return;
        }

        uint seed = Crc32C.Append(Crc32C.Append(Superblock.ChecksumSeed, inode.Number), inode.Generation);
        if (Crc32C.Append(seed, bytes[..end]) != BinaryPrimitives.ReadUInt32LittleEndian(bytes[end..]))
        {
            throw inode.Malformed("has a block of extents with a wrong checksum");
        }
    }

    // Twelve blocks, then one of block numbers, one of numbers of such, and one more step.
    private void ReadBlockMap(Ext4Map map, ReadOnlySpan<byte> numbers)
    {
        long logical = 0;
        long perBlock = Superblock.BlockSize / sizeof(uint);
        for (int i = 0; i < numbers.Length / sizeof(uint) && logical < map.BlockCount; i++)
        {
            int level = Math.Max(0, i - Ext4Format.DirectBlocks + 1);
            ReadBlockMap(map, BinaryPrimitives.ReadUInt32LittleEndian(numbers[(i * sizeof(uint))..]), level, ref logical, perBlock);
        }

        if (logical < map.BlockCount)
        {
            throw map.Inode.Malformed($"has {map.Inode.Size} bytes, more than its block map reaches");
        }
    }

    private void ReadBlockMap(Ext4Map map, uint block, int level, ref long logical, long perBlock)
    {
        if (block == 0 || level == 0)
        {
            if (block != 0)
            {
                map.Add(logical, block, 1, isWritten: true);
            }

            long span = 1;
            for (; level > 0; level--)
            {
                span *= perBlock;
            }

            logical += span;
            return;
        }

        ReadOnlySpan<byte> numbers = ReadMapBlock(map.Inode, block);
        for (int i = 0; i < perBlock && logical < map.BlockCount; i++)
        {
            ReadBlockMap(map, BinaryPrimitives.ReadUInt32LittleEndian(numbers[(i * sizeof(uint))..]), level - 1, ref logical, perBlock);
        }
    }

    private byte[] ReadMapBlock(Ext4Inode inode, long block)
    {
        if (block == 0 || block >= Superblock.BlockCount)
        {
            throw inode.Malformed($"has its map in block {block} of {Superblock.BlockCount}");
        }

        _budget.Take(Superblock.BlockSize, inode.Offset);
        return _image.ReadBytes(block << Superblock.BlockSizeBits, Superblock.BlockSize, Ext4Format.Name);
    }
}
