using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Erofs;

/// <summary>The 128 bytes at offset 1024 (struct erofs_super_block).</summary>
public sealed record ErofsSuperblock
{
    private const int VolumeNameLength = 16;

    /// <summary>CRC-32C over the first block from the superblock on, this field as zero; meaningful with the feature only.</summary>
    public uint Checksum { get; init; }

    /// <summary>Features that may be ignored.</summary>
    public ErofsCompatibleFeatures CompatibleFeatures { get; init; }

    /// <summary>Binary logarithm of the block size.</summary>
    public int BlockSizeBits { get; init; } = ErofsFormat.BlockSizeBits;

    /// <summary>Number of 16-byte slots that follow the 128 bytes.</summary>
    public int ExtensionSlots { get; init; }

    /// <summary>Inode number of the root directory.</summary>
    public int RootNid { get; init; }

    /// <summary>Number of inodes.</summary>
    public ulong InodeCount { get; init; }

    /// <summary>Time of the build in seconds since 1970: the modification time of all compact inodes.</summary>
    public long BuildTimeSeconds { get; init; }

    /// <summary>Nanoseconds that belong to <see cref="BuildTimeSeconds"/>.</summary>
    public uint BuildTimeNanoseconds { get; init; }

    /// <summary>Blocks of the file system.</summary>
    public uint BlockCount { get; init; }

    /// <summary>First block of the metadata area, where inode number 0 is.</summary>
    public uint MetadataBlock { get; init; }

    /// <summary>First block of the shared extended attributes.</summary>
    public uint AttributeBlock { get; init; }

    /// <summary>Identifier of the file system.</summary>
    public Guid VolumeId { get; init; }

    /// <summary>Label.</summary>
    public string VolumeName { get; init; } = "";

    /// <summary>Features that must be known.</summary>
    public ErofsIncompatibleFeatures IncompatibleFeatures { get; init; }

    /// <summary>Bitmap of compression algorithms, or the distance limit of LZ4.</summary>
    public ushort CompressionAlgorithms { get; init; }

    /// <summary>Devices beside the first.</summary>
    public ushort ExtraDevices { get; init; }

    /// <summary>Offset of the device table in units of 128 bytes.</summary>
    public ushort DeviceTableSlot { get; init; }

    /// <summary>Binary logarithm of blocks in a directory block; 0 is the only value in use.</summary>
    public int DirectoryBlockBits { get; init; }

    /// <summary>Number of long prefixes of extended attribute names.</summary>
    public int AttributePrefixCount { get; init; }

    /// <summary>Offset of the long prefixes in units of 4 bytes.</summary>
    public uint AttributePrefixStart { get; init; }

    /// <summary>Inode number of the inode that packs fragments; 0 for none.</summary>
    public ulong PackedNid { get; init; }

    /// <summary>Block size in bytes.</summary>
    public int BlockSize => 1 << BlockSizeBits;

    /// <summary>Reads and checks the superblock of an image.</summary>
    /// <exception cref="MalformedInputException">There is none, its checksum is wrong, or the image needs what is not supported.</exception>
    public static ErofsSuperblock Read(ByteSource image)
    {
        byte[] bytes = image.ReadBytes(ErofsFormat.SuperblockOffset, ErofsFormat.SuperblockLength, ErofsFormat.Name);
        SpanReader reader = new(bytes, ErofsFormat.Name, ErofsFormat.SuperblockOffset);
        if (reader.ReadUInt32LittleEndian() != ErofsFormat.Magic)
        {
            throw new MalformedInputException(ErofsFormat.Name, ErofsFormat.SuperblockOffset, "no superblock");
        }

        // Initializers run in the order of the text, which is the order of the fields on disk.
        ErofsSuperblock superblock = new()
        {
            Checksum = reader.ReadUInt32LittleEndian(),
            CompatibleFeatures = (ErofsCompatibleFeatures)reader.ReadUInt32LittleEndian(),
            BlockSizeBits = reader.ReadByte(),
            ExtensionSlots = reader.ReadByte(),
            RootNid = reader.ReadUInt16LittleEndian(),
            InodeCount = reader.ReadUInt64LittleEndian(),
            BuildTimeSeconds = unchecked((long)reader.ReadUInt64LittleEndian()),
            BuildTimeNanoseconds = reader.ReadUInt32LittleEndian(),
            BlockCount = reader.ReadUInt32LittleEndian(),
            MetadataBlock = reader.ReadUInt32LittleEndian(),
            AttributeBlock = reader.ReadUInt32LittleEndian(),
            VolumeId = new Guid(reader.ReadBytes(16), bigEndian: true),
            VolumeName = ReadName(reader.ReadBytes(VolumeNameLength)),
            IncompatibleFeatures = (ErofsIncompatibleFeatures)reader.ReadUInt32LittleEndian(),
            CompressionAlgorithms = reader.ReadUInt16LittleEndian(),
            ExtraDevices = reader.ReadUInt16LittleEndian(),
            DeviceTableSlot = reader.ReadUInt16LittleEndian(),
            DirectoryBlockBits = reader.ReadByte(),
            AttributePrefixCount = reader.ReadByte(),
            AttributePrefixStart = reader.ReadUInt32LittleEndian(),
            PackedNid = reader.ReadUInt64LittleEndian(),
        };
        superblock.Verify(image);
        return superblock;
    }

    /// <summary>Writes the superblock and its checksum into a first block that is otherwise complete.</summary>
    internal void WriteTo(Span<byte> firstBlock)
    {
        Span<byte> bytes = firstBlock.Slice(ErofsFormat.SuperblockOffset, ErofsFormat.SuperblockLength);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, ErofsFormat.Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], (uint)CompatibleFeatures);
        bytes[12] = (byte)BlockSizeBits;
        bytes[13] = (byte)ExtensionSlots;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[14..], (ushort)RootNid);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], InodeCount);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], BuildTimeSeconds);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[32..], BuildTimeNanoseconds);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[36..], BlockCount);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[40..], MetadataBlock);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[44..], AttributeBlock);
        VolumeId.TryWriteBytes(bytes[48..], bigEndian: true, out _);
        LinuxText.Encode(VolumeName).CopyTo(bytes.Slice(64, VolumeNameLength - 1));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[80..], (uint)IncompatibleFeatures);
        BinaryPrimitives.WriteUInt32LittleEndian(
            bytes[ErofsFormat.ChecksumOffset..],
            ErofsFormat.Checksum(firstBlock[ErofsFormat.SuperblockOffset..]));
    }

    private static string ReadName(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return LinuxText.Decode(end < 0 ? field : field[..end]);
    }

    private static MalformedInputException Malformed(int offset, string problem) =>
        new(ErofsFormat.Name, ErofsFormat.SuperblockOffset + offset, problem);

    private void Verify(ByteSource image)
    {
        if (BlockSizeBits is < ErofsFormat.MinimumBlockSizeBits or > ErofsFormat.MaximumBlockSizeBits)
        {
            throw Malformed(12, $"block size of 2^{BlockSizeBits} bytes is not supported");
        }

        ErofsIncompatibleFeatures unknown = IncompatibleFeatures & ~ErofsIncompatibleFeatures.Known;
        if (unknown != 0)
        {
            throw Malformed(80, $"feature 0x{(uint)unknown:x} is not supported");
        }

        if (CompatibleFeatures.HasFlag(ErofsCompatibleFeatures.SuperblockChecksum))
        {
            VerifyChecksum(image);
        }

        if (ExtraDevices != 0 && IncompatibleFeatures.HasFlag(ErofsIncompatibleFeatures.DeviceTable))
        {
            throw Malformed(86, $"data on {ExtraDevices} extra devices are not supported");
        }

        if (DirectoryBlockBits != 0)
        {
            throw Malformed(90, $"directory blocks of 2^{DirectoryBlockBits} blocks are not supported");
        }

        if (BlockCount == 0 || BlockCount > image.Length >> BlockSizeBits)
        {
            throw Malformed(36, $"{BlockCount} blocks of {BlockSize} bytes are claimed but the image has {image.Length} bytes");
        }
    }

    private void VerifyChecksum(ByteSource image)
    {
        // Linux erofs_superblock_csum_verify: to the end of the block that the superblock starts in, or one block where blocks are small.
        int length = BlockSize > ErofsFormat.SuperblockOffset ? BlockSize - ErofsFormat.SuperblockOffset : BlockSize;
        byte[] bytes = image.ReadBytes(ErofsFormat.SuperblockOffset, length, ErofsFormat.Name);
        bytes.AsSpan(ErofsFormat.ChecksumOffset, sizeof(uint)).Clear();
        uint actual = ErofsFormat.Checksum(bytes);
        if (actual != Checksum)
        {
            throw Malformed(ErofsFormat.ChecksumOffset, $"superblock checksum is 0x{Checksum:x8} but the bytes have 0x{actual:x8}");
        }
    }
}
