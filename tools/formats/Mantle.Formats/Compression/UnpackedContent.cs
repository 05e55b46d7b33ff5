using Mantle.Formats.Bytes;

namespace Mantle.Formats.Compression;

/// <summary>What came out of a decompressor. Disposing of it gives back memory and disk; the content is gone then.</summary>
public sealed class UnpackedContent : IDisposable
{
    private readonly Spool _spool;

    internal UnpackedContent(CompressionFormat format, long packedLength, Spool spool)
    {
        Format = format;
        PackedLength = packedLength;
        _spool = spool;
        Content = spool.ToSource();
    }

    /// <summary>What it was compressed with.</summary>
    public CompressionFormat Format { get; }

    /// <summary>Bytes of the compressed stream. What follows it in the source has not been looked at.</summary>
    public long PackedLength { get; }

    /// <summary>The uncompressed bytes.</summary>
    public ByteSource Content { get; }

    /// <inheritdoc/>
    public void Dispose() => _spool.Dispose();
}
