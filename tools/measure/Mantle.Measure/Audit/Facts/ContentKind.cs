namespace Mantle.Measure.Audit.Facts;

/// <summary>What the content of a regular file is, by its bytes; the name counts for nothing but compressed kernel modules.</summary>
public enum ContentKind
{
    /// <summary>No bytes, or no regular file.</summary>
    None,

    /// <summary>An ELF file.</summary>
    Elf,

    /// <summary>A file that starts with <c>#!</c>.</summary>
    Script,

    /// <summary>A PE file.</summary>
    Pe,

    /// <summary>A compressed kernel module, by its name: <c>.ko.xz</c>, <c>.ko.zst</c>, <c>.ko.gz</c>.</summary>
    CompressedModule,

    /// <summary>An archive or a compressed stream: tar, ar, zip, gzip, xz, zstd, bzip2.</summary>
    Archive,

    /// <summary>Text, judged by the first bytes.</summary>
    Text,

    /// <summary>Anything else.</summary>
    Data,
}
