using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Ext4;

/// <summary>Where the inode table of each group is (struct ext4_group_desc).</summary>
internal sealed class Ext4Groups(ByteSource image, Ext4Superblock superblock)
{
    private const int HighHalfOffset = 0x28;
    private const int TableOffset = 8;
    private const int ChecksumOffset = 0x1E;

    private readonly Dictionary<uint, long> _tables = [];

    /// <summary>Offset of an inode in the image.</summary>
    public long LocateInode(uint number, long referrer)
    {
        if (number == 0 || number > superblock.InodeCount)
        {
            throw new MalformedInputException(Ext4Format.Name, referrer, $"inode {number} of {superblock.InodeCount} does not exist");
        }

        uint group = (number - 1) / superblock.InodesPerGroup;
        if (!_tables.TryGetValue(group, out long table))
        {
            table = ReadTable(group);
            _tables.Add(group, table);
        }

        return table + ((number - 1) % superblock.InodesPerGroup * (long)superblock.InodeLength);
    }

    private long ReadTable(uint group)
    {
        if (group >= superblock.GroupCount)
        {
            throw new MalformedInputException(Ext4Format.Name, Ext4Format.SuperblockOffset, $"group {group} of {superblock.GroupCount} does not exist");
        }

        long offset = LocateDescriptor(group);
        byte[] descriptor = image.ReadBytes(offset, superblock.DescriptorLength, Ext4Format.Name);
        if (superblock.HasChecksums)
        {
            ushort stored = BinaryPrimitives.ReadUInt16LittleEndian(descriptor.AsSpan(ChecksumOffset));
            descriptor.AsSpan(ChecksumOffset, sizeof(ushort)).Clear();
            uint actual = Crc32C.Append(Crc32C.Append(superblock.ChecksumSeed, group), descriptor);
            if ((actual & ushort.MaxValue) != stored)
            {
                throw new MalformedInputException(Ext4Format.Name, offset, $"checksum of the descriptor of group {group} is wrong");
            }
        }

        ulong block = BinaryPrimitives.ReadUInt32LittleEndian(descriptor.AsSpan(TableOffset));
        if (superblock.DescriptorLength > Ext4Format.OldDescriptorLength)
        {
            block |= (ulong)BinaryPrimitives.ReadUInt32LittleEndian(descriptor.AsSpan(HighHalfOffset)) << 32;
        }

        long length = (long)superblock.InodesPerGroup * superblock.InodeLength;
        return block >= (ulong)superblock.BlockCount || length > image.Length - ((long)block << superblock.BlockSizeBits)
            ? throw new MalformedInputException(Ext4Format.Name, offset, $"inode table of group {group} at block {block} is outside the file system")
            : (long)block << superblock.BlockSizeBits;
    }

    // One table behind the superblock; with META_BG, from some group on, in each run of groups whose descriptors fill a block, that block
    // in the run's first group, behind the copy of the superblock where it has one.
    private long LocateDescriptor(uint group)
    {
        int perBlock = superblock.BlockSize / superblock.DescriptorLength;
        uint block = group / (uint)perBlock;
        long inBlock = group % perBlock * superblock.DescriptorLength;
        if (!superblock.IncompatibleFeatures.HasFlag(Ext4IncompatibleFeatures.MetaBlockGroups) || block < superblock.FirstMetaGroup)
        {
            long superblockAt = Ext4Format.SuperblockOffset >> superblock.BlockSizeBits;
            return ((superblockAt + 1 + block) << superblock.BlockSizeBits) + inBlock;
        }

        uint first = block * (uint)perBlock;
        long start = superblock.FirstDataBlock + ((long)first * superblock.BlocksPerGroup) + (HasSuperblock(first) ? 1 : 0);

        // With bigalloc the first block is 0 whatever its size, and the superblock in the one behind it where blocks are of 1 KiB.
        start += first == 0 && superblock.FirstDataBlock == 0 && superblock.BlockSize == Ext4Format.SuperblockOffset ? 1 : 0;
        return (start << superblock.BlockSizeBits) + inBlock;
    }

    private bool HasSuperblock(uint group) =>
        group <= 1 || !superblock.IsSuperblockSparse || (group % 2 == 1 && (IsPowerOf(group, 3) || IsPowerOf(group, 5) || IsPowerOf(group, 7)));

    private static bool IsPowerOf(uint number, uint root)
    {
        while (number % root == 0)
        {
            number /= root;
        }

        return number == 1;
    }
}
