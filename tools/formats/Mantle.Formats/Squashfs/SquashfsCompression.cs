namespace Mantle.Formats.Squashfs;

/// <summary>The compressor of an image, by its number in the superblock.</summary>
public enum SquashfsCompression
{
    /// <summary>zlib streams; mksquashfs calls it gzip.</summary>
    Gzip = 1,

    /// <summary>LZMA, which Linux has never read.</summary>
    Lzma = 2,

    /// <summary>LZO.</summary>
    Lzo = 3,

    /// <summary>xz streams.</summary>
    Xz = 4,

    /// <summary>LZ4 blocks.</summary>
    Lz4 = 5,

    /// <summary>zstd frames.</summary>
    Zstd = 6,
}
