namespace Mantle.Formats.Erofs;

/// <summary>Where the data of an inode are: bits 1 to 3 of i_format.</summary>
public enum ErofsDataLayout
{
    /// <summary>FLAT_PLAIN: consecutive blocks.</summary>
    Plain = 0,

    /// <summary>COMPRESSED_FULL: compressed, with an index of 8 bytes a cluster.</summary>
    CompressedFull = 1,

    /// <summary>FLAT_INLINE: consecutive blocks but for the last, whose bytes follow the inode.</summary>
    Inline = 2,

    /// <summary>COMPRESSED_COMPACT: compressed, with an index of 2 or 4 bytes a cluster.</summary>
    CompressedCompact = 3,

    /// <summary>CHUNK_BASED: an array of block addresses follows the inode.</summary>
    ChunkBased = 4,
}
