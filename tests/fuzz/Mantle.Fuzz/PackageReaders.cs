using Mantle.Formats.Bytes;
using Mantle.Formats.Cpio;
using Mantle.Formats.Deb;
using Mantle.Formats.Tree;
using Mantle.Fuzz.Seeds;
using Mantle.ImageBuilder.Boot;
using Mantle.ImageBuilder.Packages;
using Mantle.Testing;

namespace Mantle.Fuzz;

/// <summary>What a package is made of.</summary>
internal static class PackageReaders
{
    private static readonly string s_digest = new('a', 64);

    public static IReadOnlyList<FuzzReader> All { get; } =
    [
        new("ar", () => [Samples.Deb(DebBuilder.Gzip, ".gz"), DebBuilder.Archive(("a", []), ("b/", [1, 2, 3]))], bytes => Drain(ArReader.Read(Source(bytes)).Select(m => m.Content))),
        new("tar", () => [Samples.Tar], bytes => Drain(DebContents.ReadTree(Source(bytes)))),
        new("control tar", () => [Samples.ControlTar], bytes => DebContents.ReadControl(bytes)),
        new("deb", Debs, ReadDeb) { MemoryLimit = DictionaryAnd(64) },
        new("xz frame", () => Present(Samples.Xz(Samples.Tar), Samples.Xz(Samples.Tar, "-9", "--block-size=1024")), bytes => XzLayout.Read(Source(bytes))),
        new("module", Modules, bytes => KernelModule.Read(bytes.AsSpan().StartsWith("\u007fELF"u8) ? "a.ko" : "a.ko.xz", FileNode.Regular(Source(bytes))))
        {
            MemoryLimit = DictionaryAnd(128),
        },
        new("cpio", () => [Samples.Cpio()], bytes => Drain(CpioReader.ReadTree(Source(bytes)))),
        new("cache index", () => [Index()], bytes => ReadIndex(bytes))
        {
            Repair = bytes =>
            {
                if (bytes.Length >= 32)
                {
                    System.Security.Cryptography.SHA256.HashData(bytes.AsSpan(0, bytes.Length - 32), bytes.AsSpan(bytes.Length - 32));
                }
            },
        },
    ];

    public static ByteSource Source(byte[] bytes) => ByteSource.FromMemory(bytes);

    /// <summary>Reads what contents there are, the middle of large ones left out.</summary>
    public static void Drain(IEnumerable<ByteSource> contents)
    {
        const int Most = 1 << 14;
        foreach (ByteSource content in contents)
        {
            content.Slice(0, Math.Min(content.Length, Most)).ToArray();
            content.Slice(Math.Max(0, content.Length - Most), Math.Min(content.Length, Most)).ToArray();
        }
    }

    public static void Drain(FileTree tree) => Drain(tree.Walk().Select(entry => entry.Node.Content));

    /// <summary>A dictionary of the largest accepted size, and the given number of MB beside it.</summary>
    private static long DictionaryAnd(long megabytes) => XzLayout.MaximumDictionaryLength + (megabytes << 20);

    private static void ReadDeb(byte[] bytes)
    {
        DebReader deb = DebReader.Read(Source(bytes));
        DebContents.ReadControl(deb.DecompressControl());
        using MemoryStream data = new();
        deb.DecompressData(data);
        Drain(DebContents.ReadTree(Source(data.ToArray())));
    }

    private static IReadOnlyList<byte[]> Debs() => Present(
        Samples.Deb(DebBuilder.Gzip, ".gz"),
        Samples.Deb(Samples.Zstandard, ".zst"),
        Samples.Deb(tar => tar, ""),
        Samples.Xz(Samples.Tar) is null ? null : Samples.Deb(tar => Samples.Xz(tar, "-0")!, ".xz"));

    private static IReadOnlyList<byte[]> Modules()
    {
        byte[] module = Elf.Module("erofs", "6.12.1", "crc32c");
        return Present(module, Samples.Xz(module, "--check=crc32", "--lzma2=dict=1MiB"));
    }

    private static void ReadIndex(byte[] bytes)
    {
        if (UnpackedIndex.TryRead(bytes, s_digest, out UnpackedIndex? index))
        {
            DebContents.ReadTree(index.Headers, ByteSource.Zeros(index.DataLength), "a");
            DebContents.ReadControl(index.ControlTar);
        }
    }

    private static byte[] Index()
    {
        RecordingSource recording = new(Source(Samples.Tar));
        DebContents.ReadTree(recording, "a");
        return UnpackedIndex.Write(s_digest, Source(Samples.Tar), new ChunkDigests(new byte[32]), recording.Ranges, Samples.ControlTar);
    }

    private static IReadOnlyList<byte[]> Present(params byte[]?[] seeds) => [.. seeds.OfType<byte[]>()];
}
