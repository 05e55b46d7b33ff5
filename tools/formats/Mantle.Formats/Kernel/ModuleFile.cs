using System.Buffers.Binary;
using Mantle.Formats.Bytes;
using Mantle.Formats.Compression;

namespace Mantle.Formats.Kernel;

/// <summary>
/// A kernel module as it lies in a file system: plain, or compressed by xz, zstd or gzip as Linux and kmod take it; and the signature that may
/// be appended (scripts/sign-file.c, include/linux/module_signature.h). The signature is found, not verified.
/// </summary>
public sealed class ModuleFile : IDisposable
{
    private const string Format = "module";
    private const int MaximumLength = 256 << 20;
    private const int DescriptionLength = 12;

    private readonly UnpackedContent? _unpacked;

    private ModuleFile(UnpackedContent? unpacked, ByteSource content, CompressionFormat compression)
    {
        _unpacked = unpacked;
        Content = content;
        Compression = compression;
    }

    /// <summary>What the file is compressed with.</summary>
    public CompressionFormat Compression { get; }

    /// <summary>The ELF file, with the signature behind it. There until this object is disposed of.</summary>
    public ByteSource Content { get; }

    /// <summary>Bytes of the ELF file, without what makes up the signature.</summary>
    public long ElfLength { get; private init; }

    /// <summary>The signature: a PKCS #7 message without the data. Null: the module has none.</summary>
    public ByteSource? Signature { get; private init; }

    private static ReadOnlySpan<byte> Marker => "~Module signature appended~\n"u8;

    /// <summary>Whether a path names a module: <c>*.ko</c>, or that compressed.</summary>
    public static bool IsModulePath(string path) => path.EndsWith(".ko", StringComparison.Ordinal) || IsCompressedModulePath(path);

    /// <summary>Whether a path names a compressed module: <c>*.ko.xz</c>, <c>*.ko.zst</c>, <c>*.ko.gz</c>.</summary>
    public static bool IsCompressedModulePath(string path) =>
        path.EndsWith(".ko.xz", StringComparison.Ordinal) || path.EndsWith(".ko.zst", StringComparison.Ordinal) || path.EndsWith(".ko.gz", StringComparison.Ordinal);

    /// <summary>Opens a module; the bytes, not the name, say whether it is compressed.</summary>
    /// <exception cref="MalformedInputException">It is no module, or its compressed data or the frame of its signature is damaged.</exception>
    public static ModuleFile Open(ByteSource file, DecompressionOptions options)
    {
        CompressionFormat compression = Decompression.Identify(file);
        UnpackedContent? unpacked = null;
        if (compression is CompressionFormat.Xz or CompressionFormat.Zstandard or CompressionFormat.Gzip)
        {
            unpacked = Decompression.Unpack(file, options with { MaximumLength = Math.Min(options.MaximumLength, MaximumLength) });
        }

        try
        {
            return ReadSignature(unpacked, unpacked?.Content ?? file, unpacked is null ? CompressionFormat.None : compression);
        }
        catch
        {
            unpacked?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _unpacked?.Dispose();

    // From the end: marker, description (algorithm, hash, type, two lengths, three unused, length of the signature, most significant byte
    // first), signature.
    private static ModuleFile ReadSignature(UnpackedContent? unpacked, ByteSource content, CompressionFormat compression)
    {
        if (!content.ReadBytes(0, (int)Math.Min(4, content.Length), Format).AsSpan().SequenceEqual("\u007fELF"u8))
        {
            throw new MalformedInputException(Format, 0, "no ELF file");
        }

        long end = content.Length - Marker.Length;
        if (end < DescriptionLength || !content.ReadBytes(end, Marker.Length, Format).AsSpan().SequenceEqual(Marker))
        {
            return new ModuleFile(unpacked, content, compression) { ElfLength = content.Length };
        }

        byte[] description = content.ReadBytes(end - DescriptionLength, DescriptionLength, Format);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(description.AsSpan(8));
        long start = end - DescriptionLength - length;
        return start < 0 || length == 0
            ? throw new MalformedInputException(Format, end, $"signature of {length} bytes does not fit into the module")
            : new ModuleFile(unpacked, content, compression) { ElfLength = start, Signature = content.Slice(start, length) };
    }
}
