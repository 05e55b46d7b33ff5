using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Ext4;

/// <summary>The 1024 bytes at offset 1024 (struct ext4_super_block).</summary>
public sealed record Ext4Superblock
{
    private const uint SparseSuper = 0x1;
    private const uint MetadataChecksums = 0x400;

    /// <summary>Number of inodes.</summary>
    public uint InodeCount { get; private init; }

    /// <summary>Blocks of the file system.</summary>
    public long BlockCount { get; private init; }

    /// <summary>Binary logarithm of the block size.</summary>
    public int BlockSizeBits { get; private init; }

    /// <summary>Block size in bytes: 1 KiB to 64 KiB.</summary>
    public int BlockSize => 1 << BlockSizeBits;

    /// <summary>Identifier of the file system.</summary>
    public Guid VolumeId { get; private init; }

    /// <summary>Label.</summary>
    public string VolumeName { get; private init; } = "";

    /// <summary>Features that must be known.</summary>
    public Ext4IncompatibleFeatures IncompatibleFeatures { get; private init; }

    /// <summary>
    /// Whether the journal has changes that are not in their places: what is read is not what a mount would show. The journal is not replayed.
    /// </summary>
    public bool NeedsRecovery => IncompatibleFeatures.HasFlag(Ext4IncompatibleFeatures.NeedsRecovery);

    internal bool HasChecksums { get; private init; }

    internal uint ChecksumSeed { get; private init; }

    internal uint FirstDataBlock { get; private init; }

    internal uint BlocksPerGroup { get; private init; }

    internal uint InodesPerGroup { get; private init; }

    internal int InodeLength { get; private init; }

    internal int DescriptorLength { get; private init; }

    internal uint FirstMetaGroup { get; private init; }

    internal bool IsSuperblockSparse { get; private init; }

    internal uint GroupCount { get; private init; }

    /// <summary>Reads and checks the superblock of an image.</summary>
    /// <exception cref="MalformedInputException">There is none, its checksum is wrong, or the image needs what is not supported.</exception>
    public static Ext4Superblock Read(ByteSource image)
    {
        byte[] bytes = image.ReadBytes(Ext4Format.SuperblockOffset, Ext4Format.SuperblockLength, Ext4Format.Name);
        if (UInt16(bytes, 0x38) != Ext4Format.Magic)
        {
            throw Malformed(0x38, "no superblock");
        }

        bool isFirstRevision = UInt32(bytes, 0x4C) == 0;
        Ext4IncompatibleFeatures features = isFirstRevision ? 0 : (Ext4IncompatibleFeatures)UInt32(bytes, 0x60);
        Ext4IncompatibleFeatures unknown = features & ~Ext4IncompatibleFeatures.Known;
        if (unknown != 0)
        {
            throw MalformedInputException.Unsupported(Ext4Format.Name, Ext4Format.SuperblockOffset + 0x60, $"feature 0x{(uint)unknown:x}");
        }

        uint readOnlyFeatures = isFirstRevision ? 0 : UInt32(bytes, 0x64);
        bool is64Bit = features.HasFlag(Ext4IncompatibleFeatures.Bits64);
        uint blockBits = UInt32(bytes, 0x18);
        if (blockBits > Ext4Format.MaximumBlockBits - Ext4Format.MinimumBlockBits)
        {
            throw Malformed(0x18, $"block size of 2^{blockBits} KiB is not possible");
        }

        ReadOnlySpan<byte> label = bytes.AsSpan(0x78, 16);
        int labelEnd = label.IndexOf((byte)0);
        Guid id = new(bytes.AsSpan(0x68, 16), bigEndian: true);
        Ext4Superblock superblock = new()
        {
            InodeCount = UInt32(bytes, 0),
            BlockCount = (long)Math.Min(UInt32(bytes, 4) | (is64Bit ? (ulong)UInt32(bytes, 0x150) << 32 : 0), long.MaxValue),
            BlockSizeBits = Ext4Format.MinimumBlockBits + (int)blockBits,
            VolumeId = id,
            VolumeName = LinuxText.Decode(labelEnd < 0 ? label : label[..labelEnd]),
            IncompatibleFeatures = features,
            HasChecksums = (readOnlyFeatures & MetadataChecksums) != 0,
            ChecksumSeed = features.HasFlag(Ext4IncompatibleFeatures.ChecksumSeed) ? UInt32(bytes, 0x270) : Crc32C.Append(uint.MaxValue, bytes.AsSpan(0x68, 16)),
            FirstDataBlock = UInt32(bytes, 0x14),
            BlocksPerGroup = UInt32(bytes, 0x20),
            InodesPerGroup = UInt32(bytes, 0x28),
            InodeLength = isFirstRevision ? Ext4Format.OldInodeLength : UInt16(bytes, 0x58),
            DescriptorLength = is64Bit ? UInt16(bytes, 0xFE) : Ext4Format.OldDescriptorLength,
            FirstMetaGroup = UInt32(bytes, 0x104),
            IsSuperblockSparse = (readOnlyFeatures & SparseSuper) != 0,
        };
        superblock = superblock.Verify(image);
        if (superblock.HasChecksums && Crc32C.Append(uint.MaxValue, bytes.AsSpan(0, Ext4Format.ChecksumOffset)) != UInt32(bytes, Ext4Format.ChecksumOffset))
        {
            throw Malformed(Ext4Format.ChecksumOffset, "checksum of the superblock is wrong");
        }

        return superblock;
    }

    private static ushort UInt16(byte[] bytes, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(offset));

    private static uint UInt32(byte[] bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(offset));

    private static MalformedInputException Malformed(int offset, string problem) =>
        new(Ext4Format.Name, Ext4Format.SuperblockOffset + offset, problem);

    private Ext4Superblock Verify(ByteSource image)
    {
        if (BlockCount == 0 || BlockCount > image.Length >> BlockSizeBits || FirstDataBlock >= BlockCount)
        {
            throw Malformed(4, $"{BlockCount} blocks of {BlockSize} bytes are claimed but the image has {image.Length} bytes");
        }

        if (InodeLength < Ext4Format.OldInodeLength || InodeLength > BlockSize || !System.Numerics.BitOperations.IsPow2(InodeLength))
        {
            throw Malformed(0x58, $"inodes of {InodeLength} bytes are not possible");
        }

        if (DescriptorLength is < Ext4Format.OldDescriptorLength or > Ext4Format.MaximumDescriptorLength || !System.Numerics.BitOperations.IsPow2(DescriptorLength))
        {
            throw Malformed(0xFE, $"group descriptors of {DescriptorLength} bytes are not possible");
        }

        if (BlocksPerGroup == 0 || InodesPerGroup == 0)
        {
            throw Malformed(0x20, "groups without blocks or inodes");
        }

        long groups = (BlockCount - FirstDataBlock + BlocksPerGroup - 1) / BlocksPerGroup;
        return groups * DescriptorLength > image.Length || (long)InodesPerGroup * groups < InodeCount
            ? throw Malformed(0x20, $"{groups} groups do not fit the file system")
            : this with { GroupCount = (uint)groups };
    }
}
