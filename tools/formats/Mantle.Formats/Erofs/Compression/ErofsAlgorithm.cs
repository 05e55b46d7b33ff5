namespace Mantle.Formats.Erofs.Compression;

/// <summary>How the bytes of a cluster become the bytes of a file.</summary>
internal enum ErofsAlgorithm : byte
{
    /// <summary>An LZ4 block.</summary>
    Lz4 = 0,

    /// <summary>MicroLZMA: LZMA with its properties in place of the first byte, without header and end mark.</summary>
    MicroLzma = 1,

    /// <summary>Raw deflate (RFC 1951).</summary>
    Deflate = 2,

    /// <summary>A zstd frame (RFC 8878).</summary>
    Zstd = 3,

    /// <summary>Not compressed; ours, not a number on disk.</summary>
    Plain = 0x80,

    /// <summary>Not compressed, and rotated so that each byte is as far into its block as into the file's; ours, not a number on disk.</summary>
    Interlaced = 0x81,
}
