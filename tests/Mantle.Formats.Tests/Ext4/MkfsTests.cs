using Mantle.Formats.Bytes;
using Mantle.Formats.Ext4;
using Mantle.Formats.Tests.Erofs;
using Mantle.Formats.Tests.Erofs.Compression;
using Mantle.Formats.Tree;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Ext4;

/// <summary>Images that mke2fs filled from a folder, against the folder.</summary>
public class MkfsTests(MkfsTests.SourceFolder source) : IClassFixture<MkfsTests.SourceFolder>
{
    [Theory]
    [InlineData("-t", "ext4")]
    [InlineData("-t", "ext4", "-b", "1024")]
    [InlineData("-t", "ext4", "-b", "2048", "-O", "^metadata_csum,^64bit")]
    [InlineData("-t", "ext4", "-O", "inline_data")]
    [InlineData("-t", "ext4", "-O", "inline_data", "-b", "1024", "-I", "1024")]
    [InlineData("-t", "ext4", "-O", "ea_inode,metadata_csum_seed,large_dir")]
    [InlineData("-t", "ext4", "-O", "meta_bg,^resize_inode,^sparse_super", "-b", "1024")]
    [InlineData("-t", "ext4", "-O", "meta_bg,^resize_inode", "-b", "1024")]
    [InlineData("-t", "ext4", "-O", "^extents,^64bit")]
    [InlineData("-t", "ext4", "-O", "bigalloc,^resize_inode")]
    [InlineData("-t", "ext4", "-O", "^filetype,^has_journal")]
    [InlineData("-t", "ext4", "-O", "encrypt,casefold")]
    [InlineData("-t", "ext3")]
    [InlineData("-t", "ext3", "-b", "1024")]
    [InlineData("-t", "ext2")]
    [InlineData("-t", "ext2", "-b", "1024", "-I", "128")]
    [InlineData("-t", "ext2", "-r", "0", "-b", "4096")]
    public void What_mke2fs_writes_is_read_as_it_was(params string[] arguments)
    {
        using TemporaryFolder folder = new();
        MakeImage(folder, source.Root, "100M", arguments);
        Oracle.Succeed("e2fsck", "-fn", folder["image"]);

        // mke2fs 1.47.0 cuts a sparse file short where it may be inline; debugfs says the same of the image.
        bool isCut = arguments.Any(argument => argument.Contains("inline_data", StringComparison.Ordinal));
        AssertReads(HostTree.Read(source.Root), folder["image"], hasAttributes: !arguments.Contains("-r"), without: isCut ? "sparse" : "");
    }

    [Fact]
    public void Devices_owners_times_lists_and_large_attributes_are_read()
    {
        Assert.SkipUnless(Environment.UserName == "root", "NEEDS ROOT: devices and owners");
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["in"]);
        Oracle.Succeed("mknod", folder["in/null"], "c", "1", "3");
        Oracle.Succeed("mknod", folder["in/large"], "b", "4095", "1048575");
        Oracle.Succeed("mkfifo", folder["in/pipe"]);
        File.WriteAllText(folder["in/owned"], "x");
        Oracle.Succeed("chown", "70000:4000000000", folder["in/owned"]);
        Oracle.Succeed("chmod", "4755", folder["in/owned"]);
        Oracle.Succeed("touch", "-d", "1960-01-01", folder["in/old"]);
        Oracle.Succeed("touch", "-d", "2100-01-01", folder["in/new"]);
        Oracle.Succeed("ln", "-s", new string('l', 59), folder["in/fast"]);
        Oracle.Succeed("ln", "-s", new string('l', 60), folder["in/slow"]);
        foreach ((string name, string value) in (ReadOnlySpan<(string, string)>)[("security.capability", "0100000200040000000000000000000000000000"), ("system.posix_acl_access", "0200000001000600ffffffff02000600e803000004000400ffffffff10000600ffffffff20000400ffffffff"), ("user.large", new string('7', 6000))])
        {
            HostTree.TrySetAttribute(folder["in/new"], name, Convert.FromHexString(value));
        }

        FileTree expected = HostTree.Read(folder["in"]);
        foreach (string inodes in (string[])["256", "512"])
        {
            MakeImage(folder, folder["in"], "20M", "-t", "ext4", "-I", inodes, "-O", "ea_inode");

            // mke2fs before 1.47.1 leaves out the bits that make it 2100.
            Oracle.Succeed("debugfs", "-w", "-R", "sif /new mtime_extra 1", folder["image"]);
            AssertReads(expected, folder["image"], hasAttributes: true);
        }
    }

    [Fact]
    public void A_directory_with_an_index_of_two_levels_and_a_fragmented_file_are_read()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["in/many"]);
        for (int i = 0; i < 4000; i++)
        {
            File.WriteAllText(folder[$"in/many/{i:D5}{new string('n', 150)}"], "");
        }

        // Holes between all blocks make more extents than an inode and one block have room for.
        using (FileStream file = File.Create(folder["in/holes"]))
        {
            for (int i = 0; i < 2000; i++)
            {
                file.Position = i * 8192;
                file.Write(BitConverter.GetBytes(i + 1));
            }
        }

        MakeImage(folder, folder["in"], "60M", "-t", "ext4", "-b", "1024", "-N", "5000");
        Oracle.Run("e2fsck", ["-fyD", folder["image"]]);
        Assert.Contains("Indirect levels: 1", Oracle.Succeed("debugfs", "-R", "htree_dump /many", folder["image"]), StringComparison.Ordinal);
        AssertReads(HostTree.Read(folder["in"]), folder["image"], hasAttributes: true);
    }

    [Fact]
    public void A_journal_that_was_not_replayed_is_told()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["in"]);
        MakeImage(folder, folder["in"], "20M", "-t", "ext4");
        Assert.False(Ext4Reader.Open(ByteSource.OpenFile(folder["image"])).Superblock.NeedsRecovery);

        Oracle.Succeed("debugfs", "-w", "-R", "feature needs_recovery", folder["image"]);

        Ext4Reader reader = Ext4Reader.Open(ByteSource.OpenFile(folder["image"]));
        Assert.True(reader.Superblock.NeedsRecovery);
        Assert.Equal(["lost+found"], reader.ReadTree().Walk().Select(entry => entry.Path));
    }

    [Theory]
    [InlineData("0x800", "encryption")]
    [InlineData("0x40000000", "case folding")]
    public void A_directory_that_is_not_supported_is_named(string flag, string feature)
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["in/secret"]);
        MakeImage(folder, folder["in"], "20M", "-t", "ext4", "-O", "encrypt,casefold");
        Oracle.Succeed("debugfs", "-w", "-R", $"sif /secret flags {flag}", folder["image"]);

        MalformedInputException problem = Assert.Throws<MalformedInputException>(() => Ext4Reader.Open(ByteSource.OpenFile(folder["image"])).ReadTree());

        Assert.True(problem.IsUnsupported);
        Assert.Contains(feature, problem.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_superblock_is_read_as_dumpe2fs_shows_it()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["in"]);
        MakeImage(folder, folder["in"], "20M", "-t", "ext4", "-L", "label", "-U", "01234567-89ab-cdef-0123-456789abcdef");
        Ext4Superblock superblock = Ext4Reader.Open(ByteSource.OpenFile(folder["image"])).Superblock;
        string shown = Oracle.Succeed("dumpe2fs", "-h", folder["image"]);
        Assert.Matches($"Block count: +{superblock.BlockCount}\n", shown);
        Assert.Matches($"Inode count: +{superblock.InodeCount}\n", shown);
        Assert.Matches($"Block size: +{superblock.BlockSize}\n", shown);
        Assert.Matches($"Filesystem UUID: +{superblock.VolumeId}\n", shown);
        Assert.Equal("label", superblock.VolumeName);
    }

    internal static void MakeImage(TemporaryFolder folder, string root, string size, params string[] arguments)
    {
        File.Delete(folder["image"]);
        Oracle.Succeed("mke2fs", ["-q", "-F", "-d", root, .. arguments, folder["image"], size]);
    }

    // mke2fs makes lost+found, and gives the root a time of its own.
    private static void AssertReads(FileTree expected, string image, bool hasAttributes, string without = "")
    {
        FileTree actual = Ext4Reader.Open(ByteSource.OpenFile(image)).ReadTree();
        Assert.True(without.Length == 0 || (actual.Remove(without) && expected.Remove(without)));
        Assert.True(actual.Remove("lost+found"));
        expected.Root.ModifiedSeconds = actual.Root.ModifiedSeconds;
        expected.Root.Permissions = actual.Root.Permissions;
        if (!hasAttributes)
        {
            foreach ((string _, FileNode node) in expected.Walk())
            {
                node.ExtendedAttributes.Clear();
            }
        }

        ErofsTestTrees.AssertEqual(expected, actual);
    }

    /// <summary>A folder without the link that is longer than a block, which mke2fs does not write.</summary>
    public sealed class SourceFolder : IDisposable
    {
        private readonly CompressedTree _tree = new();

        public SourceFolder()
        {
            Root = _tree.Full.Root;
            File.Delete(Root + "/long link");
            File.CreateSymbolicLink(Root + "/long link", new string('l', 900));
        }

        public string Root { get; }

        public void Dispose() => _tree.Dispose();
    }
}
