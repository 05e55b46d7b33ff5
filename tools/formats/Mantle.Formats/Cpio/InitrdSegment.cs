using Mantle.Formats.Bytes;
using Mantle.Formats.Compression;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Cpio;

/// <summary>A part of an initrd: an archive, or a compressed stream of archives.</summary>
public sealed class InitrdSegment
{
    internal InitrdSegment(int index, long offset, long packedLength, CompressionFormat format, ByteSource content)
    {
        Index = index;
        Offset = offset;
        PackedLength = packedLength;
        Format = format;
        Content = content;
        Tree = new Lazy<FileTree>(() => CpioReader.ReadTree(Content));
    }

    /// <summary>Its number, from 0.</summary>
    public int Index { get; }

    /// <summary>Where in the initrd it starts, in bytes.</summary>
    public long Offset { get; }

    /// <summary>Bytes that it takes in the initrd.</summary>
    public long PackedLength { get; }

    /// <summary>What it is compressed with.</summary>
    public CompressionFormat Format { get; }

    /// <summary>The archives, decompressed. There as long as the <see cref="Initrd"/> is not disposed of.</summary>
    public ByteSource Content { get; }

    /// <summary>What this segment alone unpacks to.</summary>
    public Lazy<FileTree> Tree { get; }

    /// <summary>
    /// Whether Linux looks into it before it unpacks anything, for microcode (<c>kernel/x86/microcode</c>) and ACPI tables
    /// (<c>kernel/firmware/acpi</c>): it is the first, and not compressed (find_cpio_data in lib/earlycpio.c).
    /// </summary>
    public bool IsEarly => Index == 0 && Format == CompressionFormat.None;
}
