namespace Mantle.Formats.Compression;

/// <summary>How much may come out of a decompressor, and where it goes.</summary>
public sealed record DecompressionOptions
{
    /// <summary>Most bytes that are accepted; what goes on after them is taken for a bomb. 1 GiB unless told otherwise.</summary>
    public long MaximumLength { get; init; } = 1L << 30;

    /// <summary>
    /// Folder for files that take what is more than 4 MB; it is made where it is missing, and the files have no names. Null: everything is
    /// held in memory.
    /// </summary>
    public string? SpoolFolder { get; init; }
}
