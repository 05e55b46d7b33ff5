using Mantle.Formats.Bytes;

namespace Mantle.Formats.Sniffer;

/// <summary>
/// Names a format by its magic number, so that what cannot be read can at least be called by its name. Nothing else is verified: the answer is
/// what somebody may have wanted the bytes to look like.
/// </summary>
public static class FormatSniffer
{
    private const int ZerosLength = 1 << 20;

    private const int SmallestSwapPage = 4096;
    private const int LargestSwapPage = 1 << 16;

    /// <summary>A magic number and where it is.</summary>
    private readonly record struct Magic(SniffedFormat Format, int Offset, byte[] Bytes)
    {
        public Magic(SniffedFormat format, int offset, string text)
            : this(format, offset, [.. text.Select(letter => (byte)letter)])
        {
        }
    }

    // In order: what stands for a whole disk or volume before what may also be found inside one. The first boot code of a disk says nothing
    // of the partition table behind it; file systems that leave room for boot code come before the MBR, whose only mark is two bytes.
    private static readonly Magic[] s_magics =
    [
        new(SniffedFormat.Luks, 0, "LUKS\u00BA\u00BE"),
        new(SniffedFormat.Verity, 0, "verity\0\0"),
        new(SniffedFormat.Gpt, 512, "EFI PART"),
        new(SniffedFormat.Gpt, 4096, "EFI PART"),
        new(SniffedFormat.Lvm, 512, "LABELONE"),
        new(SniffedFormat.Lvm, 0, "LABELONE"),
        new(SniffedFormat.Lvm, 1024, "LABELONE"),
        new(SniffedFormat.Lvm, 1536, "LABELONE"),
        new(SniffedFormat.Squashfs, 0, "hsqs"),
        new(SniffedFormat.Erofs, 1024, [0xE2, 0xE1, 0xF5, 0xE0]),
        new(SniffedFormat.Ext, 1080, [0x53, 0xEF]),
        new(SniffedFormat.F2fs, 1024, [0x10, 0x20, 0xF5, 0xF2]),
        new(SniffedFormat.Xfs, 0, "XFSB"),
        new(SniffedFormat.Btrfs, 0x10040, "_BHRfS_M"),
        new(SniffedFormat.Iso9660, 0x8001, "CD001"),
        new(SniffedFormat.Qcow2, 0, "QFI\u00FB"),
        new(SniffedFormat.Vmdk, 0, "KDMV"),
        new(SniffedFormat.Vmdk, 0, "# Disk DescriptorFile"),
        new(SniffedFormat.Vhdx, 0, "vhdxfile"),
        new(SniffedFormat.MdRaid, 4096, [0xFC, 0x4E, 0x2B, 0xA9]),
        new(SniffedFormat.MdRaid, 0, [0xFC, 0x4E, 0x2B, 0xA9]),
        new(SniffedFormat.ExFat, 3, "EXFAT   "),
        new(SniffedFormat.Ntfs, 3, "NTFS    "),
        new(SniffedFormat.Fat, 54, "FAT12   "),
        new(SniffedFormat.Fat, 54, "FAT16   "),
        new(SniffedFormat.Fat, 82, "FAT32   "),
        new(SniffedFormat.Elf, 0, "\u007fELF"),
        new(SniffedFormat.Cpio, 0, "070701"),
        new(SniffedFormat.Cpio, 0, "070702"),
        new(SniffedFormat.Ar, 0, "!<arch>\n"),
        new(SniffedFormat.Tar, 257, "ustar"),
        new(SniffedFormat.Xz, 0, [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]),
        new(SniffedFormat.Gzip, 0, [0x1F, 0x8B, 8]),
        new(SniffedFormat.Bzip2, 0, "BZh"),
        new(SniffedFormat.Zstandard, 0, [0x28, 0xB5, 0x2F, 0xFD]),
        new(SniffedFormat.Lz4, 0, [0x02, 0x21, 0x4C, 0x18]),
        new(SniffedFormat.Lz4, 0, [0x04, 0x22, 0x4D, 0x18]),
        new(SniffedFormat.Lzo, 0, [0x89, (byte)'L', (byte)'Z', (byte)'O']),
        new(SniffedFormat.Lzma, 0, [0x5D, 0, 0]),
    ];

    /// <summary>Looks at the start of a source: up to 68 KB, or 1 MB of it when there is nothing but zeros.</summary>
    public static SniffedFormat Sniff(ByteSource source)
    {
        byte[] start = new byte[(int)Math.Min(source.Length, 0x10040 + 8)];
        source.ReadExactly(0, start);
        foreach (Magic magic in s_magics)
        {
            if (Has(start, magic.Offset, magic.Bytes))
            {
                return magic.Format;
            }
        }

        return HasSwap(start) ? SniffedFormat.Swap
            : IsPe(start) ? SniffedFormat.Pe
            : Has(start, 510, [0x55, 0xAA]) ? SniffedFormat.Mbr
            : IsZeros(source) ? SniffedFormat.Zeros
            : SniffedFormat.Unknown;
    }

    private static bool Has(ReadOnlySpan<byte> start, int offset, ReadOnlySpan<byte> bytes) =>
        offset <= start.Length && start[offset..].StartsWith(bytes);

    // At the end of the first page, of whatever size a machine has: swap as made by mkswap, or with a hibernated machine in it.
    private static bool HasSwap(ReadOnlySpan<byte> start)
    {
        for (int page = SmallestSwapPage; page <= LargestSwapPage; page *= 2)
        {
            if (Has(start, page - 10, "SWAPSPACE2"u8) || Has(start, page - 10, "SWAP-SPACE"u8) || Has(start, page - 10, "S1SUSPEND"u8))
            {
                return true;
            }
        }

        return false;
    }

    // "MZ" alone is of DOS; the PE header is where the word at 60 says.
    private static bool IsPe(ReadOnlySpan<byte> start)
    {
        if (!Has(start, 0, "MZ"u8) || start.Length < 64)
        {
            return false;
        }

        uint header = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(start[60..]);
        return header < start.Length && Has(start, (int)header, "PE\0\0"u8);
    }

    private static bool IsZeros(ByteSource source)
    {
        byte[] window = new byte[1 << 16];
        long end = Math.Min(source.Length, ZerosLength);
        for (long offset = 0; offset < end; offset += window.Length)
        {
            Span<byte> part = window.AsSpan(0, (int)Math.Min(window.Length, end - offset));
            source.ReadExactly(offset, part);
            if (part.ContainsAnyExcept((byte)0))
            {
                return false;
            }
        }

        return true;
    }
}
