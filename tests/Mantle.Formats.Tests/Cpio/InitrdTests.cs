using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Compression;
using Mantle.Formats.Cpio;
using Mantle.Formats.Tests.Erofs;
using Mantle.Formats.Tests.Erofs.Compression;
using Mantle.Formats.Tree;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Cpio;

/// <summary>Initrds put together of what cpio and the compressors write.</summary>
public class InitrdTests
{
    private static readonly DecompressionOptions s_options = new();

    public static TheoryData<CompressionFormat, string[]> Compressors => new()
    {
        { CompressionFormat.Gzip, ["gzip", "-9"] },
        { CompressionFormat.Gzip, ["gzip", "-n", "-1"] },
        { CompressionFormat.Bzip2, ["bzip2", "-9"] },
        { CompressionFormat.Lzma, ["xz", "--format=lzma"] },
        { CompressionFormat.Xz, ["xz", "--check=crc32", "-0"] },
        { CompressionFormat.Xz, ["xz", "--check=crc64", "--block-size=100000"] },
        { CompressionFormat.Xz, ["xz", "--check=sha256", "--x86", "--lzma2=dict=1MiB"] },
        { CompressionFormat.Xz, ["xz", "--check=none", "-T2"] },
        { CompressionFormat.Lz4Legacy, ["lz4", "-l", "-9"] },
        { CompressionFormat.Zstandard, ["zstd", "-19"] },
        { CompressionFormat.Zstandard, ["zstd", "--no-check", "-1"] },
    };

    [Theory]
    [MemberData(nameof(Compressors))]
    public void A_compressed_segment_is_read_wherever_it_is(CompressionFormat format, string[] compressor)
    {
        using TemporaryFolder folder = new();
        byte[] packed = Compress(folder, Archive(folder), compressor);
        byte[] early = CpioWriter.Layout(TreeText.With(("kernel/x86/microcode/AuthenticAMD.bin", "micro"))).ToArray();
        FileTree expected = HostTree.Read(folder["in"]);

        // Alone; behind microcode; twice; and with an archive behind it, which Linux wants at a multiple of four.
        AssertReads(expected, [format], packed);
        AssertReads(With(expected, "kernel/x86/microcode/AuthenticAMD.bin", "micro"), [CompressionFormat.None, format], [.. early, .. new byte[512], .. packed, .. new byte[3]]);
        byte[] last = CpioWriter.Layout(TreeText.With(("zz", "last"))).ToArray();
        byte[] padding = new byte[8 + ((4 - (packed.Length % 4)) % 4)];
        AssertReads(With(expected, "zz", "last"), [format, CompressionFormat.None], [.. packed, .. padding, .. last]);
        if (format != CompressionFormat.Lz4Legacy)
        {
            AssertReads(expected, [format, format], [.. packed, .. packed]);
        }
    }

    [Fact]
    public void Later_segments_override_earlier_ones()
    {
        using TemporaryFolder folder = new();
        byte[] first = CpioWriter.Layout(TreeText.With(("init", "first"), ("etc/a", "a"))).ToArray();
        byte[] second = Compress(folder, CpioWriter.Layout(TreeText.With(("init", "second"), ("etc/b", "b"))).ToArray(), ["zstd"]);
        byte[] third = Compress(folder, CpioWriter.Layout(TreeText.With(("etc/a", "third"))).ToArray(), ["gzip"]);

        using Initrd initrd = Initrd.Read(ByteSource.FromMemory((byte[])[.. first, .. second, .. third]), s_options);

        Assert.Equal(["etc", "etc/a=third", "etc/b=b", "init=second"], initrd.Tree.Walk().Select(Text));
        Assert.Equal(["etc", "etc/a=a", "init=first"], initrd.Segments[0].Tree.Value.Walk().Select(Text));
        Assert.Equal([true, false, false], initrd.Segments.Select(segment => segment.IsEarly));
        Assert.Equal([0, first.Length, first.Length + second.Length], initrd.Segments.Select(segment => segment.Offset));
        Assert.Equal([first.Length, second.Length, third.Length], initrd.Segments.Select(segment => segment.PackedLength));

        static string Text((string Path, FileNode Node) entry) =>
            entry.Path + (entry.Node.Kind == FileKind.Regular ? "=" + Encoding.UTF8.GetString(entry.Node.Content.ToArray()) : "");
    }

    [Fact]
    public void Large_contents_are_spooled_to_a_file_that_has_no_name()
    {
        using TemporaryFolder folder = new();
        byte[] content = ErofsTestTrees.Bytes(9_000_000);
        FileTree tree = new();
        tree.Put("large", FileNode.Regular(ByteSource.FromMemory(content)));
        byte[] packed = Compress(folder, CpioWriter.Layout(tree).ToArray(), ["zstd", "-1"]);

        using Initrd initrd = Initrd.Read(ByteSource.FromMemory(packed), s_options with { SpoolFolder = folder["spool"] });

        Assert.Empty(Directory.EnumerateFileSystemEntries(folder["spool"]));
        Assert.Equal(content, initrd.Tree.Root.Children["large"].Content.ToArray());
    }

    [Theory]
    [InlineData("gzip", "-9")]
    [InlineData("bzip2", "-9")]
    [InlineData("xz", "-9")]
    [InlineData("xz", "--format=lzma")]
    [InlineData("zstd", "-19")]
    [InlineData("lz4", "-l")]
    public void A_bomb_is_refused(params string[] compressor)
    {
        using TemporaryFolder folder = new();
        byte[] packed = Compress(folder, new byte[60_000_000], compressor);
        Assert.True(packed.Length < 1_000_000);

        MalformedInputException problem = Assert.Throws<MalformedInputException>(
            () => Initrd.Read(ByteSource.FromMemory(packed), s_options with { MaximumLength = 10_000_000, SpoolFolder = folder["spool"] }));

        Assert.Contains("more than the 10000000 bytes", problem.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_limit_holds_for_all_segments_together()
    {
        using TemporaryFolder folder = new();
        FileTree tree = new();
        tree.Put("zeros", FileNode.Regular(ByteSource.Zeros(6_000_000)));
        byte[] packed = Compress(folder, CpioWriter.Layout(tree).ToArray(), ["gzip"]);
        using Initrd one = Initrd.Read(ByteSource.FromMemory(packed), s_options with { MaximumLength = 10_000_000 });
        Assert.Single(one.Segments);
        Assert.Throws<MalformedInputException>(() => Initrd.Read(ByteSource.FromMemory((byte[])[.. packed, .. packed]), s_options with { MaximumLength = 10_000_000 }));
    }

    [Fact]
    public void Lzop_is_named_as_not_supported()
    {
        using TemporaryFolder folder = new();
        byte[] packed = Compress(folder, Archive(folder), ["lzop"]);
        MalformedInputException problem = Assert.Throws<MalformedInputException>(() => Initrd.Read(ByteSource.FromMemory(packed), s_options));
        Assert.True(problem.IsUnsupported);
        Assert.Equal("initrd: segment 0: lzo: lzo compression is not supported at offset 0x0", problem.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\0\0\0")]
    [InlineData("\u007fELF")]
    public void What_is_no_initrd_is_refused(string text) =>
        Assert.Throws<MalformedInputException>(() => Initrd.Read(TreeText.Bytes(text), s_options));

    [Theory]
    [MemberData(nameof(Compressors))]
    public void Mangled_initrds_are_read_or_refused(CompressionFormat format, string[] compressor)
    {
        using TemporaryFolder folder = new();
        byte[] archive = CpioWriter.Layout(TreeText.With(("a/b", Encoding.ASCII.GetString(CompressedTree.Text(3000, 1))), ("c", "23456"))).ToArray();
        byte[] packed = Compress(folder, archive, compressor);
        Assert.Equal(format, Decompression.Identify(packed));
        Mangling.Survive(
            packed,
            source =>
            {
                using Initrd initrd = Initrd.Read(source, s_options with { MaximumLength = 1 << 22 });
            },
            iterations: 600);
    }

    internal static byte[] Compress(TemporaryFolder folder, byte[] bytes, string[] compressor)
    {
        File.WriteAllBytes(folder["plain"], bytes);
        string command = string.Join(' ', compressor) + $" -c < '{folder["plain"]}' > '{folder["packed"]}'";
        Oracle.Require(compressor[0]);
        Oracle.Succeed("sh", "-c", command);
        return File.ReadAllBytes(folder["packed"]);
    }

    // By the cpio tool, of a folder that "in" is.
    private static byte[] Archive(TemporaryFolder folder)
    {
        Directory.CreateDirectory(folder["in/usr/bin"]);
        File.WriteAllBytes(folder["in/init"], CompressedTree.Text(20_000, 3));
        File.WriteAllBytes(folder["in/usr/bin/random"], ErofsTestTrees.Bytes(200_000));
        File.Copy(Environment.ProcessPath!, folder["in/usr/bin/program"], overwrite: true);
        Oracle.Succeed("ln", "-f", folder["in/init"], folder["in/usr/init"]);
        File.CreateSymbolicLink(folder["in/bin"], "usr/bin");
        Oracle.Require("cpio");
        Oracle.Succeed("sh", "-c", $"cd '{folder["in"]}' && find . -mindepth 1 | sort | cpio --quiet -o -H newc > '{folder["archive"]}'");
        return File.ReadAllBytes(folder["archive"]);
    }

    private static FileTree With(FileTree tree, string path, string content)
    {
        FileTree copy = new();
        foreach ((string known, FileNode node) in tree.Walk())
        {
            copy.Put(known, node.Kind == FileKind.Directory ? new FileNode(FileKind.Directory, node.Permissions) { ModifiedSeconds = node.ModifiedSeconds } : node);
        }

        copy.Put(path, FileNode.Regular(TreeText.Bytes(content)));
        return copy;
    }

    private static void AssertReads(FileTree expected, CompressionFormat[] formats, byte[] bytes)
    {
        using Initrd initrd = Initrd.Read(ByteSource.FromMemory(bytes), s_options);
        Assert.Equal(formats, initrd.Segments.Select(segment => segment.Format));
        Assert.Equal(TreeText.Of(expected), TreeText.Of(initrd.Tree));
    }
}
