using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs;
using Mantle.Formats.Tree;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Erofs;

/// <summary>What erofs-utils and the kernel say of our images, and what we say of those of mkfs.erofs.</summary>
public class ErofsToolsTests
{
    private const int SetIdBits = 0b110 << 9;

    [Fact]
    public void Fsck_finds_nothing_and_extracts_what_was_put_in()
    {
        using TemporaryFolder folder = new();
        bool isRoot = Environment.UserName == "root";

        // fsck.erofs 1.5 extracts no extended attributes, and a hard link as a copy; the image has both, the comparison neither.
        FileTree tree = ErofsTestTrees.Everything(devices: isRoot);
        WriteImage(ErofsTestTrees.WithAttributes(ErofsTestTrees.Everything(devices: isRoot)), folder["image"]);
        Oracle.Succeed("fsck.erofs", folder["image"]);
        WriteImage(tree, folder["image"]);
        Oracle.Succeed("fsck.erofs", $"--extract={folder["out"]}", folder["image"]);

        FileTree extracted = HostTree.Read(folder["out"]);
        Oracle.Succeed("rm", "-r", folder["out"]); // has a name that is not UTF-8, which Directory.Delete cannot remove
        ErofsTestTrees.AssertEqual(Normalize(tree, isRoot), Normalize(extracted, isRoot));
    }

    [Fact]
    public void The_kernel_shows_what_was_put_in()
    {
        using TemporaryFolder folder = new();
        FileTree tree = ErofsTestTrees.WithAttributes(ErofsTestTrees.Everything());
        WriteImage(tree, folder["image"]);
        Directory.CreateDirectory(folder["mount"]);
        if (Oracle.Run("mount", ["-t", "erofs", "-o", "loop,ro", folder["image"], folder["mount"]]).ExitCode != 0)
        {
            Assert.Skip("THIS HOST MOUNTS NO EROFS: the boot tests do");
        }

        try
        {
            ErofsTestTrees.AssertEqual(tree, HostTree.Read(folder["mount"]));
        }
        finally
        {
            Oracle.Succeed("umount", folder["mount"]);
        }
    }

    [Fact]
    public void Dump_reads_the_superblock_as_we_wrote_it()
    {
        using TemporaryFolder folder = new();
        WriteImage(ErofsTestTrees.Everything(), folder["image"]);

        string output = Oracle.Succeed("dump.erofs", "-s", folder["image"]);

        Assert.Contains("01234567-89ab-cdef-0123-456789abcdef", output, StringComparison.Ordinal);
        Assert.Matches("Filesystem created: +Tue Nov 14 22:13:20 2023", output);
        Assert.Matches("Filesystem root nid: +128\n", output);
        Assert.Matches("Filesystem inode count: +10[0-9][0-9]\n", output);
    }

    [Fact]
    public void Dump_counts_the_links_as_we_do()
    {
        using TemporaryFolder folder = new();
        WriteImage(ErofsTestTrees.Everything(), folder["image"]);

        Assert.Contains("Links: 3", Oracle.Succeed("dump.erofs", "--path=/links/second", folder["image"]), StringComparison.Ordinal);
        Assert.Contains("Links: 5", Oracle.Succeed("dump.erofs", "--path=/directories", folder["image"]), StringComparison.Ordinal);
        Assert.Contains("Links: 2", Oracle.Succeed("dump.erofs", "--path=/empty", folder["image"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("compact, shared attributes", "-T1700000000", "-x1")]
    [InlineData("compact, inline attributes", "-T1700000000", "-x100")]
    [InlineData("extended", "-T1700000000", "-Eforce-inode-extended")]
    [InlineData("legacy", "-T1700000000", "-Elegacy-compress")]
    [InlineData("chunks", "-T1700000000", "--chunksize=4096")]
    [InlineData("large chunks", "-T1700000000", "--chunksize=65536")]
    [InlineData("chunk indexes", "-T1700000000", "--chunksize=4096", "-Eforce-chunk-indexes")]
    [InlineData("block maps", "-T1700000000", "--chunksize=8192", "-Eforce-inode-blockmap")]
    [InlineData("without checksum", "-T1700000000", "-Enosbcrc")]
    [InlineData("without inlined data", "-T1700000000", "-Enoinline_data")]
    public void What_mkfs_writes_is_read_as_it_was(string what, params string[] arguments)
    {
        Assert.NotEmpty(what);
        using TemporaryFolder folder = new();
        MakeHostTree(folder["in"]);
        (int exitCode, string _, string error) = Oracle.Run("mkfs.erofs", [.. arguments, folder["image"], folder["in"]]);
        if (exitCode != 0 && arguments[^1] == "-Enoinline_data")
        {
            Assert.Skip($"mkfs.erofs before 1.6 does not know {arguments[^1]}");
        }

        Assert.True(exitCode == 0, error);
        FileTree expected = HostTree.Read(folder["in"]);
        Same(expected.Root);
        foreach ((string _, FileNode node) in expected.Walk())
        {
            Same(node);
        }

        ErofsTestTrees.AssertEqual(expected, ErofsReader.Open(ByteSource.FromMemory(File.ReadAllBytes(folder["image"]))).ReadTree());

        static void Same(FileNode node) => node.ModifiedSeconds = ErofsTestTrees.BuildTime;
    }

    private static void WriteImage(FileTree tree, string path)
    {
        using Stream image = ErofsWriter.Layout(tree, ErofsTestTrees.Options).OpenStream();
        using FileStream file = File.Create(path);
        image.CopyTo(file);
    }

    // Without what extraction loses (fsck.erofs 1.5 changes the owner last, which clears the set-id bits; and the root's own time)
    // and what an ordinary user's cannot keep.
    private static FileTree Normalize(FileTree tree, bool isRoot)
    {
        FileTree normal = new();
        foreach ((string path, FileNode node) in tree.Walk())
        {
            FileNode copy = new(node.Kind, node.Permissions & ~SetIdBits)
            {
                Content = node.Content,
                LinkTarget = node.LinkTarget,
                DeviceMajor = node.DeviceMajor,
                DeviceMinor = node.DeviceMinor,
                ModifiedSeconds = node.ModifiedSeconds,
                UserId = isRoot ? node.UserId : 0,
                GroupId = isRoot ? node.GroupId : 0,
            };
            normal.Put(path, copy);
        }

        return normal;
    }

    private static void MakeHostTree(string root)
    {
        Directory.CreateDirectory(root + "/large");
        Directory.CreateDirectory(root + "/a/b/c");
        for (int i = 0; i < 500; i++)
        {
            File.WriteAllBytes($"{root}/large/{i}-{new string('n', i % 50)}", ErofsTestTrees.Bytes(i * 3, i));
        }

        foreach (int size in (int[])[0, 1, 4032, 4096, 4097, 100_000])
        {
            File.WriteAllBytes($"{root}/a/{size}", ErofsTestTrees.Bytes(size, size));
        }

        // Repeated blocks, and a hole, for deduplicated chunks.
        byte[] repeated = [.. ErofsTestTrees.Bytes(4096), .. ErofsTestTrees.Bytes(4096), .. new byte[20_000], .. ErofsTestTrees.Bytes(4096), 1];
        File.WriteAllBytes(root + "/repeated", repeated);
        File.CreateSymbolicLink(root + "/link", "a/b/c");
        File.CreateSymbolicLink(root + "/long link", new string('l', 4000));
        Oracle.Succeed("ln", root + "/a/1", root + "/a/b/hard link");
        if (Environment.UserName == "root")
        {
            Oracle.Succeed("mknod", root + "/device", "c", "241", "70000");
            Oracle.Succeed("mkfifo", root + "/pipe");
        }

        foreach (string name in (string[])["a/0", "a/1", "a/4096", "a/b", "large/7", "large/8", "large/9"])
        {
            HostTree.TrySetAttribute($"{root}/{name}", "user.shared", Encoding.UTF8.GetBytes("the same value everywhere"));
            HostTree.TrySetAttribute($"{root}/{name}", "trusted.own", Encoding.UTF8.GetBytes(name));
        }

        HostTree.TrySetAttribute(root + "/a/b", "system.posix_acl_default", Convert.FromHexString("0200000001000700ffffffff04000500ffffffff20000500ffffffff"));
    }
}
