using System.Buffers.Binary;
using Mantle.Formats.Bytes;
using Mantle.Formats.Compression;
using Mantle.Formats.Cpio;
using Mantle.Formats.Ext4;
using Mantle.Formats.Kernel;
using Mantle.Formats.Sniffer;
using Mantle.Formats.Squashfs;
using Mantle.Formats.Tree;
using Mantle.Fuzz.Seeds;
using Mantle.Measure.Audit;

namespace Mantle.Fuzz;

/// <summary>What images of others are made of.</summary>
internal static class FileSystemReaders
{
    /// <summary>Bytes that may come out of a decompressor: enough for every seed, and little to wait for.</summary>
    private static readonly DecompressionOptions s_options = new() { MaximumLength = 1 << 20 };

    // A dictionary or window of the largest accepted size, and what is beside it.
    private const long DictionaryLimit = Decompression.MaximumDictionary + (64L << 20);

    private static readonly Lazy<SparseSeed?> s_ext2 = new(() => ForeignSamples.Ext("-t", "ext2"));

    private static readonly Lazy<SparseSeed?> s_ext4 = new(() => ForeignSamples.Ext("-t", "ext4", "-O", "^has_journal,^metadata_csum,inline_data"));

    public static IReadOnlyList<FuzzReader> All { get; } =
    [
        Squashfs("gzip"),
        Squashfs("xz"),
        Squashfs("zstd"),
        Squashfs("lz4"),
        new("squashfs plain", () => ForeignSamples.Squashfs("-comp", "gzip", "-noI", "-noD", "-noF", "-noX"), ReadSquashfs),
        Ext("ext2", s_ext2),
        Ext("ext4", s_ext4),
        Initrd("gzip", "gzip"),
        Initrd("bzip2", "bzip2"),
        Initrd("lzma", "xz", "--format=lzma", "--lzma1=dict=64KiB"),
        Initrd("xz", "xz", "--x86", "--lzma2=dict=64KiB"),
        Initrd("zstd", "zstd"),
        Initrd("lz4", "lz4", "-l"),
        new("kernel image", Kernels, ReadKernel) { MemoryLimit = DictionaryLimit },
        new("module file", Modules, ReadModule) { MemoryLimit = DictionaryLimit },
        new("audit", () => [.. Segments(["gzip"]), .. ForeignSamples.Squashfs("-comp", "gzip"), Samples.Uki()], ReadAudit) { MemoryLimit = DictionaryLimit },
        new("sniffer", () => [Samples.Erofs(), Samples.Cpio(), Samples.Uki()], bytes => FormatSniffer.Sniff(PackageReaders.Source(bytes))),
    ];

    private static FuzzReader Squashfs(string compressor) =>
        new("squashfs " + compressor, () => ForeignSamples.Squashfs("-comp", compressor), ReadSquashfs);

    private static void ReadSquashfs(byte[] bytes) => PackageReaders.Drain(SquashfsReader.Open(PackageReaders.Source(bytes)).ReadTree());

    private static FuzzReader Ext(string name, Lazy<SparseSeed?> seed) => new(
        name,
        () => seed.Value is { } sparse ? [sparse.Bytes] : [],
        bytes => PackageReaders.Drain(Ext4Reader.Open(seed.Value!.Expand(bytes)).ReadTree()))
    {
        MaximumLength = 1 << 18,
    };

    private static FuzzReader Initrd(string name, params string[] compressor) => new("initrd " + name, () => Segments(compressor), ReadInitrd) { MemoryLimit = DictionaryLimit };

    private static IReadOnlyList<byte[]> Segments(string[] compressor)
    {
        FileTree early = new();
        early.Put("kernel/x86/microcode/GenuineIntel.bin", FileNode.Regular(PackageReaders.Source([1, 2, 3])));
        byte[] first = CpioWriter.Layout(early).ToArray();
        return [.. ForeignSamples.Compressed(Samples.Cpio(), compressor).Select(packed => (byte[])[.. first, .. packed, .. new byte[8]])];
    }

    private static void ReadInitrd(byte[] bytes)
    {
        using Initrd initrd = Formats.Cpio.Initrd.Read(PackageReaders.Source(bytes), s_options);
        PackageReaders.Drain(initrd.Tree);
    }

    private static IReadOnlyList<byte[]> Kernels()
    {
        byte[] proper = [.. Elf.Module("vmlinux", "6.12.1"), .. "Linux version 6.12.1 (a@b)\0"u8, .. "IKCFG_ST"u8, .. Gzip("CONFIG_A=y\n"u8.ToArray()), .. "IKCFG_ED"u8];
        return [.. ((string[][])[["gzip"], ["xz", "--x86", "--lzma2=dict=64KiB"], ["zstd"]]).SelectMany(command => ForeignSamples.Compressed(proper, command)).Select(BootImage)];
    }

    private static byte[] Gzip(byte[] bytes) => Testing.DebBuilder.Gzip(bytes);

    private static byte[] BootImage(byte[] payload)
    {
        byte[] image = [.. new byte[1024], .. payload, .. new byte[4]];
        image[0x1F1] = 1;
        "HdrS"u8.CopyTo(image.AsSpan(0x202));
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x206), 0x20F);
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x20E), 0x100);
        "6.12.1 #1"u8.CopyTo(image.AsSpan(0x300));
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(0x24C), payload.Length + 4);
        return image;
    }

    private static void ReadKernel(byte[] bytes)
    {
        using LinuxKernelImage kernel = LinuxKernelImage.Read(PackageReaders.Source(bytes));
        kernel.ReadConfiguration(s_options);
        _ = kernel.Version;
    }

    // Damage is a gap of the report, never an exception.
    private static void ReadAudit(byte[] bytes) => Auditor.Audit(PackageReaders.Source(bytes), new() { MaximumUnpackedLength = s_options.MaximumLength });

    private static IReadOnlyList<byte[]> Modules()
    {
        byte[] signed = [.. Elf.Module("erofs", "6.12.1"), 1, 2, 3, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, .. "~Module signature appended~\n"u8];
        return [signed, .. ForeignSamples.Compressed(signed, "zstd"), .. ForeignSamples.Compressed(signed, "gzip"), .. ForeignSamples.Compressed(signed, "xz", "--lzma2=dict=64KiB")];
    }

    private static void ReadModule(byte[] bytes)
    {
        using ModuleFile module = ModuleFile.Open(PackageReaders.Source(bytes), s_options);
        PackageReaders.Drain([module.Content, module.Signature ?? ByteSource.Empty]);
    }
}
