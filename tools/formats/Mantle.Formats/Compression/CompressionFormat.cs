namespace Mantle.Formats.Compression;

/// <summary>The compressed formats that Linux knows of initrds and of itself (lib/decompress.c).</summary>
public enum CompressionFormat
{
    /// <summary>Not compressed, or not by any of these.</summary>
    None,

    /// <summary>gzip (RFC 1952).</summary>
    Gzip,

    /// <summary>bzip2.</summary>
    Bzip2,

    /// <summary>LZMA with the header of 13 bytes ("LZMA alone").</summary>
    Lzma,

    /// <summary>xz (xz-file-format 1.2.1).</summary>
    Xz,

    /// <summary>lzop. Named but not decompressed.</summary>
    Lzo,

    /// <summary>The legacy frame of LZ4 (lz4_Frame_format.md, "Legacy frame").</summary>
    Lz4Legacy,

    /// <summary>zstd (RFC 8878).</summary>
    Zstandard,
}
