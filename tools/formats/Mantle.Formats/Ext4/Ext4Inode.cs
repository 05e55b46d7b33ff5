using System.Buffers.Binary;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Ext4;

/// <summary>An inode as it is stored (struct ext4_inode).</summary>
internal sealed class Ext4Inode
{
    private const int ChecksumLowOffset = 0x7C;
    private const int ChecksumHighOffset = 0x82;
    private const int ModifiedExtraOffset = 0x88;

    /// <summary>Bits of i_flags that matter here.</summary>
    [Flags]
    public enum Flag : uint
    {
        None = 0,
        Compressed = 0x4,
        Encrypted = 0x800,
        Extents = 0x80000,
        AttributeInode = 0x200000,
        InlineData = 0x10000000,
        CaseFolding = 0x40000000,
    }

    public required uint Number { get; init; }

    /// <summary>Where in the image it is.</summary>
    public required long Offset { get; init; }

    /// <summary>All its bytes.</summary>
    public required byte[] Bytes { get; init; }

    public required FileKind Kind { get; init; }

    public int Permissions => UInt16(0) & 0xFFF;

    public uint UserId => UInt16(2) | ((uint)UInt16(0x78) << 16);

    public uint GroupId => UInt16(0x18) | ((uint)UInt16(0x7A) << 16);

    public Flag Flags => (Flag)UInt32(0x20);

    public uint Generation => UInt32(0x64);

    public required long Size { get; init; }

    /// <summary>Block of extended attributes; 0 for none.</summary>
    public long AttributeBlock => UInt32(0x68) | ((long)UInt16(0x76) << 32);

    /// <summary>The 60 bytes that map blocks, or hold what is so short.</summary>
    public ReadOnlySpan<byte> Map => Bytes.AsSpan(Ext4Format.MapOffset, Ext4Format.MapLength);

    /// <summary>Bytes of the fields behind the first 128.</summary>
    public int ExtraLength => Bytes.Length > Ext4Format.OldInodeLength ? UInt16(0x80) : 0;

    // Seconds are signed; with the extra field, bits 0 and 1 of it go above them (Documentation/filesystems/ext4/inodes.rst).
    public long ModifiedSeconds
    {
        get
        {
            long seconds = unchecked((int)UInt32(0x10));
            return Has(ModifiedExtraOffset, sizeof(uint)) ? seconds + ((long)(UInt32(ModifiedExtraOffset) & 3) << 32) : seconds;
        }
    }

    public static Ext4Inode Read(ByteSource image, Ext4Superblock superblock, long offset, uint number)
    {
        byte[] bytes = image.ReadBytes(offset, superblock.InodeLength, Ext4Format.Name);
        ushort mode = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        FileKind kind = (FileKind)(mode >> 12);
        if (!Enum.IsDefined(kind))
        {
            throw new MalformedInputException(Ext4Format.Name, offset, $"inode {number} has mode 0x{mode:x4}");
        }

        ulong size = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4));
        // Directories had an access list there once (ext4_isize).
        if (kind == FileKind.Regular || (kind == FileKind.Directory && superblock.IncompatibleFeatures.HasFlag(Ext4IncompatibleFeatures.LargeDirectories)))
        {
            size |= (ulong)BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(0x6C)) << 32;
        }

        Ext4Inode inode = new()
        {
            Number = number,
            Offset = offset,
            Bytes = bytes,
            Kind = kind,
            Size = size <= 1UL << 60 ? (long)size : throw new MalformedInputException(Ext4Format.Name, offset, $"file of {size} bytes is not possible"),
        };
        if (inode.ExtraLength > bytes.Length - Ext4Format.OldInodeLength || inode.ExtraLength % 4 != 0)
        {
            throw inode.Malformed($"has {inode.ExtraLength} bytes of extra fields");
        }

        if (superblock.HasChecksums)
        {
            inode.VerifyChecksum(superblock);
        }

        return inode;
    }

    public MalformedInputException Malformed(string problem) => new(Ext4Format.Name, Offset, $"inode {Number} {problem}");

    private ushort UInt16(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(Bytes.AsSpan(offset));

    private uint UInt32(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(Bytes.AsSpan(offset));

    private bool Has(int offset, int length) => offset + length <= Ext4Format.OldInodeLength + ExtraLength;

    private void VerifyChecksum(Ext4Superblock superblock)
    {
        bool hasHigh = Has(ChecksumHighOffset, sizeof(ushort));
        uint stored = UInt16(ChecksumLowOffset) | (hasHigh ? (uint)UInt16(ChecksumHighOffset) << 16 : 0);
        byte[] bytes = [.. Bytes];
        bytes.AsSpan(ChecksumLowOffset, sizeof(ushort)).Clear();
        if (hasHigh)
        {
            bytes.AsSpan(ChecksumHighOffset, sizeof(ushort)).Clear();
        }

        uint actual = Crc32C.Append(Crc32C.Append(Crc32C.Append(superblock.ChecksumSeed, Number), Generation), bytes);
        if ((hasHigh ? actual : actual & ushort.MaxValue) != stored)
        {
            throw Malformed("has a wrong checksum");
        }
    }
}
