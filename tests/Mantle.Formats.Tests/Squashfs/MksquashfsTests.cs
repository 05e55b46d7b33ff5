using Mantle.Formats.Bytes;
using Mantle.Formats.Squashfs;
using Mantle.Formats.Tests.Erofs;
using Mantle.Formats.Tests.Erofs.Compression;
using Mantle.Formats.Tree;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Squashfs;

/// <summary>Images that mksquashfs wrote, against the folder that they were made of and against what unsquashfs extracts.</summary>
public class MksquashfsTests(CompressedTree source) : IClassFixture<CompressedTree>
{
    [Theory]
    [InlineData("-comp", "gzip")]
    [InlineData("-comp", "xz")]
    [InlineData("-comp", "zstd")]
    [InlineData("-comp", "lz4")]
    [InlineData("-comp", "lz4", "-Xhc")]
    [InlineData("-comp", "zstd", "-b", "1M")]
    [InlineData("-comp", "lz4", "-b", "4K")]
    [InlineData("-comp", "gzip", "-no-fragments")]
    [InlineData("-comp", "zstd", "-always-use-fragments")]
    [InlineData("-comp", "zstd", "-noI", "-noD", "-noF", "-noX")]
    [InlineData("-comp", "zstd", "-noId")]
    [InlineData("-comp", "zstd", "-noF")]
    [InlineData("-comp", "gzip", "-no-duplicates", "-no-exports")]
    [InlineData("-comp", "zstd", "-tailends", "-no-sparse")]
    public void What_mksquashfs_writes_is_read_as_it_was(params string[] arguments) => Check(source.Full, arguments);

    [Fact]
    public void The_x86_filter_of_xz_is_undone()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["in"]);
        File.Copy(Environment.ProcessPath!, folder["in/program"]);
        File.Copy(typeof(object).Assembly.Location, folder["in/library"]);
        string native = Directory.EnumerateFiles(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "libcoreclr.so").Single();
        File.Copy(native, folder["in/native"]);
        MakeImage(folder, folder["in"], "-comp", "xz", "-Xbcj", "x86", "-b", "256K");

        Assert.Equal(CompressedTree.Hashes(HostTree.Read(folder["in"])), CompressedTree.Hashes(Read(folder["image"])));
    }

    [Fact]
    public void Devices_pipes_and_owners_are_read_and_unsquashfs_lists_the_same()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["in/dev"]);
        File.WriteAllText(folder["in/owned"], "x");
        MakeImage(
            folder, folder["in"], "-comp", "zstd", "-p", "dev/null c 666 0 0 1 3", "-p", "dev/disk b 660 0 6 4095 1048575", "-p", "dev/pipe i 600 1 2 f",
            "-p", "dev/socket i 600 1 2 s", "-p", "owned m 4750 70000 4000000000");

        FileTree tree = Read(folder["image"]);

        Assert.True(tree.TryFind("dev/null", out FileNode? node));
        Assert.Equal((FileKind.CharacterDevice, 0x1B6, 1u, 3u), (node.Kind, node.Permissions, node.DeviceMajor, node.DeviceMinor));
        Assert.True(tree.TryFind("dev/disk", out node));
        Assert.Equal((FileKind.BlockDevice, 6u, 4095u, 1048575u), (node.Kind, node.GroupId, node.DeviceMajor, node.DeviceMinor));
        Assert.True(tree.TryFind("dev/pipe", out node));
        Assert.Equal((FileKind.Fifo, 1u, 2u), (node.Kind, node.UserId, node.GroupId));
        Assert.True(tree.TryFind("dev/socket", out node));
        Assert.Equal(FileKind.Socket, node.Kind);
        Assert.True(tree.TryFind("owned", out node));
        Assert.Equal((0x9E8, 70000u, 4000000000u), (node.Permissions, node.UserId, node.GroupId));
        Assert.Contains("-rwsr-x--- 70000/4000000000", Oracle.Succeed("unsquashfs", "-lln", folder["image"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lzo")]
    [InlineData("lzma")]
    public void A_compressor_that_is_not_supported_is_named(string compressor)
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["in"]);
        MakeImage(folder, folder["in"], "-comp", "gzip");
        byte[] image = File.ReadAllBytes(folder["image"]);
        image[20] = compressor == "lzo" ? (byte)3 : (byte)2;

        MalformedInputException problem = Assert.Throws<MalformedInputException>(() => SquashfsReader.Open(ByteSource.FromMemory(image)));

        Assert.True(problem.IsUnsupported);
        Assert.Equal($"{compressor} compression is not supported", problem.Problem);
    }

    [Fact]
    public void Threads_that_read_anywhere_see_what_one_reader_sees()
    {
        using TemporaryFolder folder = new();
        MakeImage(folder, source.Small.Root, "-comp", "zstd", "-b", "16K");
        FileTree tree = Read(folder["image"]);
        string[] names = ["shared-1", "shared-2", "shared-3", "shared-4", "sizes/text-20000", "sizes/random-140000", "sizes/zeros-140000"];
        Dictionary<string, byte[]> expected = names.ToDictionary(name => name, name => File.ReadAllBytes($"{source.Small.Root}/{name}"));
        Parallel.For(0, 2000, seed =>
        {
            Random random = new(seed);
            string name = names[random.Next(names.Length)];
            byte[] whole = expected[name];
            int offset = random.Next(whole.Length);
            byte[] bytes = new byte[random.Next(whole.Length - offset)];
            Assert.True(tree.TryFind(name, out FileNode? node));
            node.Content.ReadExactly(offset, bytes);
            Assert.True(bytes.AsSpan().SequenceEqual(whole.AsSpan(offset, bytes.Length)), $"{name}: {bytes.Length} bytes at {offset}");
        });
    }

    internal static void MakeImage(TemporaryFolder folder, string root, params string[] arguments) =>
        Oracle.Succeed("mksquashfs", [root, folder["image"], "-quiet", "-no-progress", "-noappend", "-mkfs-time", "1700000000", "-all-time", "1700000000", .. arguments]);

    private static FileTree Read(string path) => SquashfsReader.Open(ByteSource.OpenFile(path)).ReadTree();

    private static void Check(CompressedTree.Made source, string[] arguments)
    {
        using TemporaryFolder folder = new();
        MakeImage(folder, source.Root, arguments);

        SquashfsReader reader = SquashfsReader.Open(ByteSource.OpenFile(folder["image"]));
        FileTree tree = reader.ReadTree();

        ErofsTestTrees.AssertEqual(source.Expected, tree);
        Assert.Equal(arguments[1], reader.Superblock.Compression.ToString().ToLowerInvariant());
        Oracle.Succeed("unsquashfs", "-quiet", "-no-progress", "-d", folder["out"], folder["image"]);
        Assert.Equal(CompressedTree.Hashes(HostTree.Read(folder["out"])), CompressedTree.Hashes(tree));
    }
}
