using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs;
using Mantle.Formats.Erofs.Compression;
using Mantle.Formats.Tree;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Erofs.Compression;

/// <summary>Images that mkfs.erofs compressed, against the folder that they were made of and against what fsck.erofs extracts.</summary>
public class ErofsCompressedTests(CompressedTree source) : IClassFixture<CompressedTree>
{
    private const ErofsClusterHeader.Advice Fragments = ErofsClusterHeader.Advice.FragmentTail;
    private const ErofsClusterHeader.Advice Tails = ErofsClusterHeader.Advice.InlineTail;

    [Theory]
    [InlineData("compact", "-zlz4")]
    [InlineData("compact", "-zlz4hc,9")]
    [InlineData("compact big", "-zlz4", "-C65536")]
    [InlineData("compact big", "-zlz4hc,12", "-C1048576")]
    [InlineData("compact tails", "-zlz4", "-Eztailpacking")]
    [InlineData("compact big tails", "-zlz4hc", "-C65536", "-Eztailpacking")]
    [InlineData("full", "-zlz4", "-Elegacy-compress")]
    [InlineData("compact", "-zlz4", "-Eforce-inode-extended")]
    [InlineData("compact", "-zlz4", "-x1", "-Enosbcrc")]
    [InlineData("compact", "-zlz4", "--max-extent-bytes=8192")]
    public void What_mkfs_compresses_is_read_as_it_was(string features, params string[] arguments) => Check(Oracle.Succeed, source.Full, features, arguments);

    [Theory]
    [InlineData("compact", "-zlz4")]
    [InlineData("compact", "-zlz4", "-Enoinline_data")]
    [InlineData("full", "-zlz4", "-Elegacy-compress")]
    [InlineData("compact big tails", "-zlz4hc,level=12", "-C65536", "-Eztailpacking")]
    [InlineData("compact interlaced big fragments", "-zlz4hc", "-C65536", "-Efragments", "--xattr-prefix=user.mantle.")]
    [InlineData("compact interlaced fragments", "-zlz4", "-Efragments")]
    [InlineData("compact interlaced big fragments", "-zlz4hc", "-C65536", "-Efragments,ztailpacking")]
    [InlineData("wholes", "-zlz4", "-Eall-fragments")]
    [InlineData("wholes big", "-zlz4", "-C65536", "-Eall-fragments")]
    [InlineData("full partial", "-zlz4", "-Ededupe")]
    [InlineData("full big partial", "-zlz4hc", "-C65536", "-Ededupe")]
    [InlineData("full big partial fragments", "-zlz4hc", "-C32768", "-Ededupe,fragments")]
    [InlineData("compact deflate", "-zdeflate,9")]
    [InlineData("compact big interlaced deflate fragments", "-zdeflate", "-C65536", "-Efragments")]
    [InlineData("compact deflate tails", "-zdeflate", "-Eztailpacking")]
    [InlineData("full partial deflate", "-zdeflate", "-Ededupe")]
    [InlineData("compact big deflate", "-zlibdeflate,level=6", "-C16384")]
    [InlineData("compact zstd", "-zzstd")]
    [InlineData("compact big interlaced zstd fragments", "-zzstd,level=19", "-C262144", "-Efragments")]
    [InlineData("compact zstd tails", "-zzstd", "-Eztailpacking")]
    [InlineData("full partial zstd", "-zzstd", "-Ededupe")]
    [InlineData("compact lzma", "-zlzma")]
    [InlineData("compact big interlaced lzma fragments", "-zlzma,9", "-C65536", "-Efragments")]
    [InlineData("compact lzma tails", "-zlzma", "-Eztailpacking")]
    [InlineData("full partial lzma", "-zlzma", "-Ededupe")]
    [InlineData("compact", "-b2048", "-zlz4")]
    [InlineData("compact big", "-b512", "-zlz4", "-C4096")]
    public void What_trixies_mkfs_compresses_is_read_as_it_was(string features, params string[] arguments) => Check(TrixieErofsUtils.Succeed, source.Small, features, arguments);

    [Theory]
    [InlineData("compact big interlaced fragments", "-zlz4hc", "-C65536", "-Efragments")]
    [InlineData("compact deflate tails", "-zlibdeflate,level=6", "-Eztailpacking")]
    public void What_trixies_mkfs_compresses_of_large_files_is_read_as_it_was(string features, params string[] arguments) =>
        Check(TrixieErofsUtils.Succeed, source.Full, features, arguments);

    [Fact]
    public void The_kernel_shows_the_same()
    {
        using TemporaryFolder folder = new();
        TrixieErofsUtils.Succeed("mkfs.erofs", "-T1700000000", "-zlz4hc", "-C65536", "-Efragments,dedupe", folder["image"], source.Small.Root);
        Directory.CreateDirectory(folder["mount"]);
        if (Oracle.Run("mount", ["-t", "erofs", "-o", "loop,ro", folder["image"], folder["mount"]]).ExitCode != 0)
        {
            Assert.Skip("THIS HOST MOUNTS NO EROFS: fsck.erofs stands in");
        }

        try
        {
            ErofsTestTrees.AssertEqual(HostTree.Read(folder["mount"]), ErofsReader.Open(ByteSource.OpenFile(folder["image"])).ReadTree());
        }
        finally
        {
            Oracle.Succeed("umount", folder["mount"]);
        }
    }

    [Theory]
    [InlineData("-zlz4")]
    [InlineData("-zlz4hc", "-C65536", "-Eall-fragments")]
    [InlineData("-zlz4hc", "-C65536", "-Ededupe,fragments")]
    public void Threads_that_read_anywhere_see_what_one_reader_sees(params string[] arguments)
    {
        using TemporaryFolder folder = new();
        TrixieErofsUtils.Succeed("mkfs.erofs", [.. arguments, folder["image"], source.Small.Root]);
        FileTree tree = ErofsReader.Open(ByteSource.OpenFile(folder["image"])).ReadTree();
        string[] names = ["shared-1", "shared-2", "shared-3", "shared-4", "sizes/text-20000", "sizes/random-140000"];
        Dictionary<string, byte[]> expected = names.ToDictionary(name => name, name => File.ReadAllBytes($"{source.Small.Root}/{name}"));

        Parallel.For(0, 2000, seed =>
        {
            Random random = new(seed);
            string name = names[random.Next(names.Length)];
            byte[] whole = expected[name];
            int offset = random.Next(whole.Length);
            byte[] bytes = new byte[random.Next(Math.Min(whole.Length - offset, seed % 50 == 0 ? int.MaxValue : 10_000))];
            Assert.True(tree.TryFind(name, out FileNode? node));
            node.Content.ReadExactly(offset, bytes);
            Assert.True(bytes.AsSpan().SequenceEqual(whole.AsSpan(offset, bytes.Length)), $"{name}: {bytes.Length} bytes at {offset}");
        });
    }

    private delegate string Tool(string name, params IEnumerable<string> arguments);

    private static void Check(Tool run, CompressedTree.Made source, string features, string[] arguments)
    {
        using TemporaryFolder folder = new();
        run("mkfs.erofs", ["-T1700000000", .. arguments, folder["image"], source.Root]);
        ErofsReader reader = ErofsReader.Open(ByteSource.OpenFile(folder["image"]));
        Dictionary<FileNode, ErofsInode> inodes = new(ReferenceEqualityComparer.Instance);
        FileTree tree = reader.ReadTree(inodes);
        ErofsTestTrees.AssertEqual(source.Expected, tree);
        AssertUses(features, reader.Superblock, inodes.Values, File.ReadAllBytes(folder["image"]));

        run("fsck.erofs", $"--extract={folder["out"]}", folder["image"]);
        Assert.Equal(CompressedTree.Hashes(HostTree.Read(folder["out"])), CompressedTree.Hashes(tree));
    }

    // That the arguments made mkfs.erofs write what this is a test of.
    private static void AssertUses(string features, ErofsSuperblock superblock, IEnumerable<ErofsInode> inodes, byte[] image)
    {
        HashSet<string> used = [];
        foreach (ErofsInode inode in inodes.Where(inode => inode.IsCompressed && inode.Size > 0))
        {
            int offset = (int)ErofsFormat.RoundUp(inode.BodyOffset, 8);
            ErofsClusterHeader header = ErofsClusterHeader.Read(image.AsSpan(offset, 8), offset, inode.DataLayout, superblock);
            if (header.IsFragment)
            {
                used.Add("wholes");
                continue;
            }

            bool isFull = inode.DataLayout == ErofsDataLayout.CompressedFull;
            used.Add(isFull ? "full" : "compact");
            for (int i = 0; isFull && i < (inode.Size + superblock.BlockSize - 1) / superblock.BlockSize; i++)
            {
                used.Add(image[offset + 16 + (i * 8) + 1] >= 0x80 ? "partial" : "full");
            }

            used.Add(header.Algorithm1 switch { 0 => "lz4", 1 => "lzma", 2 => "deflate", _ => "zstd" });
            used.UnionWith(((ErofsClusterHeader.Advice, string)[])[(ErofsClusterHeader.Advice.BigHead1, "big"), (ErofsClusterHeader.Advice.Interlaced, "interlaced"), (Tails, "tails"), (Fragments, "fragments")]
                is { } names ? names.Where(name => header.Flags.HasFlag(name.Item1)).Select(name => name.Item2) : []);
        }

        Assert.Superset(features.Split(' ').ToHashSet(), used);
    }
}
