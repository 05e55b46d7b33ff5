using Mantle.Formats.Bytes;

namespace Mantle.Formats.Squashfs;

/// <summary>The first 96 bytes (struct squashfs_super_block).</summary>
public sealed record SquashfsSuperblock
{
    /// <summary>Number of inodes.</summary>
    public uint InodeCount { get; init; }

    /// <summary>Time of the build in seconds since 1970.</summary>
    public uint BuildTimeSeconds { get; init; }

    /// <summary>Bytes of a data block: 4 KiB to 1 MiB.</summary>
    public int BlockSize { get; init; }

    /// <summary>Number of blocks that hold the ends of files.</summary>
    public uint FragmentCount { get; init; }

    /// <summary>The compressor.</summary>
    public SquashfsCompression Compression { get; init; }

    /// <summary>Number of owners and groups.</summary>
    public int IdCount { get; init; }

    /// <summary>Where the root's inode is: metadata block in the upper bits, offset in the lower 16.</summary>
    public ulong RootInode { get; init; }

    /// <summary>Bytes of the file system; the image may be longer.</summary>
    public long Length { get; init; }

    internal ulong IdTable { get; init; }

    internal ulong AttributeTable { get; init; }

    internal ulong InodeTable { get; init; }

    internal ulong DirectoryTable { get; init; }

    internal ulong FragmentTable { get; init; }

    /// <summary>Reads and checks the superblock of an image.</summary>
    /// <exception cref="MalformedInputException">There is none, or the image needs what is not supported.</exception>
    public static SquashfsSuperblock Read(ByteSource image)
    {
        byte[] bytes = image.ReadBytes(0, SquashfsFormat.SuperblockLength, SquashfsFormat.Name);
        SpanReader reader = new(bytes, SquashfsFormat.Name);
        if (reader.ReadUInt32LittleEndian() != SquashfsFormat.Magic)
        {
            throw new MalformedInputException(SquashfsFormat.Name, 0, "no superblock");
        }

        uint inodes = reader.ReadUInt32LittleEndian();
        uint time = reader.ReadUInt32LittleEndian();
        uint blockSize = reader.ReadUInt32LittleEndian();
        uint fragments = reader.ReadUInt32LittleEndian();
        int compression = reader.ReadUInt16LittleEndian();
        int blockBits = reader.ReadUInt16LittleEndian();
        reader.Skip(sizeof(ushort)); // flags: what of it matters is said again where it does
        int ids = reader.ReadUInt16LittleEndian();
        int major = reader.ReadUInt16LittleEndian();
        int minor = reader.ReadUInt16LittleEndian();
        if (major != SquashfsFormat.Version || minor != 0)
        {
            throw MalformedInputException.Unsupported(SquashfsFormat.Name, 28, $"version {major}.{minor}");
        }

        if (blockBits is < SquashfsFormat.MinimumBlockBits or > SquashfsFormat.MaximumBlockBits || blockSize != 1u << blockBits)
        {
            throw new MalformedInputException(SquashfsFormat.Name, 12, $"block size of {blockSize} bytes, of which the logarithm is said to be {blockBits}, is not possible");
        }

        ulong root = reader.ReadUInt64LittleEndian();
        ulong length = reader.ReadUInt64LittleEndian();
        if (length > (ulong)image.Length || length < SquashfsFormat.SuperblockLength)
        {
            throw new MalformedInputException(SquashfsFormat.Name, 40, $"{length} bytes are claimed but the image has {image.Length}");
        }

        SquashfsSuperblock superblock = new()
        {
            InodeCount = inodes,
            BuildTimeSeconds = time,
            BlockSize = (int)blockSize,
            FragmentCount = fragments,
            Compression = (SquashfsCompression)compression,
            IdCount = ids,
            RootInode = root,
            Length = (long)length,
            IdTable = reader.ReadUInt64LittleEndian(),
            AttributeTable = reader.ReadUInt64LittleEndian(),
            InodeTable = reader.ReadUInt64LittleEndian(),
            DirectoryTable = reader.ReadUInt64LittleEndian(),
            FragmentTable = reader.ReadUInt64LittleEndian(),
        };
        superblock.Verify();
        return superblock;
    }

    private void Verify()
    {
        if (Compression is not (SquashfsCompression.Gzip or SquashfsCompression.Xz or SquashfsCompression.Lz4 or SquashfsCompression.Zstd))
        {
            throw Enum.IsDefined(Compression)
                ? MalformedInputException.Unsupported(SquashfsFormat.Name, 20, $"{Compression.ToString().ToLowerInvariant()} compression")
                : new MalformedInputException(SquashfsFormat.Name, 20, $"compressor {(int)Compression} is not known");
        }

        if (InodeTable >= DirectoryTable || DirectoryTable >= (ulong)Length || IdTable > (ulong)Length)
        {
            throw new MalformedInputException(SquashfsFormat.Name, 48, "tables are out of order or outside the file system");
        }

        // Linux squashfs_fill_super. Without extended attributes their table is at the end of the world.
        if (IdCount == 0)
        {
            throw new MalformedInputException(SquashfsFormat.Name, 26, "there are no owners");
        }
    }
}
