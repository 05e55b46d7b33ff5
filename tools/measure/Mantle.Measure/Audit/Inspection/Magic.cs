using Mantle.Formats.Bytes;

namespace Mantle.Measure.Audit.Inspection;

/// <summary>Recognises formats by their first bytes: to read those that can be read, and to name the others.</summary>
internal static class Magic
{
    /// <summary>What holds files or disks and is not read here unless <see cref="TreeFormat.All"/> has it: name, offset, bytes.</summary>
    private static readonly (string Name, long Offset, byte[] Bytes)[] s_images =
    [
        ("squashfs", 0, [.. "hsqs"u8]),
        ("squashfs", 0, [.. "sqsh"u8]),
        ("ext4", 0x438, [0x53, 0xEF]),
        ("erofs", 1024, [0xE2, 0xE1, 0xF5, 0xE0]),
        ("xfs", 0, [.. "XFSB"u8]),
        ("btrfs", 0x10040, [.. "_BHRfS_M"u8]),
        ("f2fs", 1024, [0x10, 0x20, 0xF5, 0xF2]),
        ("iso9660", 0x8001, [.. "CD001"u8]),
        ("cramfs", 0, [0x45, 0x3D, 0xCD, 0x28]),
        ("romfs", 0, [.. "-rom1fs-"u8]),
        ("luks", 0, [.. "LUKS"u8, 0xBA, 0xBE]),
        ("lvm", 0x218, [.. "LVM2 001"u8]),
        ("swap", 4086, [.. "SWAPSPACE2"u8]),
        ("qcow2", 0, [.. "QFI"u8, 0xFB]),
        ("vmdk", 0, [.. "KDMV"u8]),
        ("vhdx", 0, [.. "vhdxfile"u8]),
    ];

    /// <summary>Compressed streams; in an initrd they hold an archive.</summary>
    private static readonly (string Name, byte[] Bytes)[] s_compressed =
    [
        ("gzip", [0x1F, 0x8B]), ("xz", [0xFD, .. "7zXZ"u8, 0]), ("zstd", [0x28, 0xB5, 0x2F, 0xFD]), ("lz4", [0x02, 0x21, 0x4C, 0x18]),
        ("lz4", [0x04, 0x22, 0x4D, 0x18]), ("bzip2", [.. "BZh"u8]), ("lzma", [0x5D, 0, 0]), ("lzop", [0x89, .. "LZO"u8]),
    ];

    /// <summary>Bytes of a file that its recognition looks at, apart from the two formats whose magic stands further behind.</summary>
    public const int HeadLength = 2048;

    /// <summary>The name of the image format that bytes have, or null.</summary>
    public static string? NameOfImage(ByteSource source)
    {
        foreach ((string name, long offset, byte[] bytes) in s_images)
        {
            if (StartsWith(source, offset, bytes))
            {
                return name;
            }
        }

        return IsGpt(source) ? "gpt" : IsFat(source) ? "fat" : null;
    }

    public static string? NameOfCompression(ByteSource source)
    {
        foreach ((string name, byte[] bytes) in s_compressed)
        {
            if (StartsWith(source, 0, bytes))
            {
                return name;
            }
        }

        return null;
    }

    public static bool IsGpt(ByteSource source) => StartsWith(source, 512, "EFI PART"u8);

    /// <summary>Version 4.0, the one since Linux 2.6.29.</summary>
    public static bool IsSquashfs(ByteSource source) => StartsWith(source, 0, "hsqs"u8) && StartsWith(source, 28, [4, 0, 0, 0]);

    /// <summary>The magic number has two bytes only, so the block size, the state and the revision must be possible ones too.</summary>
    public static bool IsExt(ByteSource source)
    {
        if (!StartsWith(source, 0x438, [0x53, 0xEF]) || source.Length < 2048)
        {
            return false;
        }

        ReadOnlySpan<byte> superblock = source.ReadBytes(1024, 0x50, "ext4");
        return superblock[0x18] <= 6 && superblock[0x19..0x1C].SequenceEqual("\0\0\0"u8)
            && superblock[0x3A] <= 7 && superblock[0x3B] == 0
            && superblock[0x4C] <= 1 && superblock[0x4D..0x50].SequenceEqual("\0\0\0"u8);
    }

    public static bool IsPe(ByteSource source) => StartsWith(source, 0, "MZ"u8);

    public static bool IsVerity(ByteSource source) => StartsWith(source, 0, "verity\0\0"u8);

    /// <summary>A jump, the signature, and the file system's name where FAT12/16 and FAT32 have it: the signature alone is in every boot sector.</summary>
    public static bool IsFat(ByteSource source) =>
        StartsWith(source, 510, [0x55, 0xAA])
        && (StartsWith(source, 0, [0xEB]) || StartsWith(source, 0, [0xE9]))
        && (StartsWith(source, 54, "FAT"u8) || StartsWith(source, 82, "FAT"u8));

    /// <summary>A master boot record with at least one partition, and no GPT behind it.</summary>
    public static bool IsPartitionedMbr(ByteSource source) =>
        StartsWith(source, 510, [0x55, 0xAA]) && source.ReadBytes(446, 64, "mbr").AsSpan().ContainsAnyExcept((byte)0);

    public static bool IsZeros(ByteSource source)
    {
        byte[] buffer = new byte[(int)Math.Min(1 << 18, source.Length)];
        for (long offset = 0; offset < source.Length; offset += buffer.Length)
        {
            Span<byte> window = buffer.AsSpan(0, (int)Math.Min(buffer.Length, source.Length - offset));
            source.ReadExactly(offset, window);
            if (window.ContainsAnyExcept((byte)0))
            {
                return false;
            }
        }

        return true;
    }

    public static bool StartsWith(ByteSource source, long offset, ReadOnlySpan<byte> magic)
    {
        Span<byte> found = stackalloc byte[16];
        found = found[..magic.Length];
        if (source.Length - found.Length < offset)
        {
            return false;
        }

        source.ReadExactly(offset, found);
        return found.SequenceEqual(magic);
    }
}
