using Mantle.Formats.Bytes;
using Mantle.Formats.Ext4;
using Mantle.Formats.Tests.Cpio;
using Mantle.Formats.Tests.Erofs;
using Mantle.Formats.Tests.Erofs.Compression;
using Mantle.Formats.Tree;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Ext4;

public class Ext4FuzzTests
{
    [Theory]
    [InlineData("-t", "ext4", "-O", "^has_journal,^metadata_csum,inline_data")]
    [InlineData("-t", "ext4", "-O", "^has_journal")]
    [InlineData("-t", "ext2", "-b", "1024")]
    public void Mangled_images_are_read_or_refused(params string[] arguments)
    {
        byte[] image = Image(arguments);

        // Where there is anything but zeros, and not in the contents, which are at the end.
        int[] interesting = [.. Enumerable.Range(0, image.Length).Where(at => image[at] != 0 || (at is >= 1024 and < 2048))];
        Mangling.Survive(image, ReadAll, interesting, iterations: 4000);
    }

    [Fact]
    public void Directories_that_contain_themselves_are_refused()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["in/a/b"]);
        MkfsTests.MakeImage(folder, folder["in"], "2M", "-t", "ext4", "-O", "^has_journal");
        Oracle.Succeed("debugfs", "-w", "-R", "ln /a /a/b/again", folder["image"]);

        MalformedInputException problem = Assert.Throws<MalformedInputException>(() => ReadAll(ByteSource.OpenFile(folder["image"])));

        Assert.Contains("for a directory that has a name already", problem.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("block[2]", "99999999", "-t", "ext2")] // the start of the second block
    [InlineData("block[IND]", "99999999", "-t", "ext2")]
    [InlineData("block[0]", "0", "-t", "ext4")] // the header of the extents
    [InlineData("size", "9999999999999", "-t", "ext2")]
    [InlineData("mode", "0", "-t", "ext4")]
    public void A_damaged_inode_is_refused(string field, string value, params string[] arguments)
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["in"]);
        File.WriteAllBytes(folder["in/file"], CompressedTree.Text(100_000, 1));
        MkfsTests.MakeImage(folder, folder["in"], "2M", [.. arguments, "-b", "1024"]);
        ReadAll(ByteSource.OpenFile(folder["image"]));
        Oracle.Succeed("debugfs", "-w", "-R", $"sif /file {field} {value}", folder["image"]);
        Assert.Throws<MalformedInputException>(() => ReadAll(ByteSource.OpenFile(folder["image"])));
    }

    [Fact]
    public void Wrong_checksums_are_noticed()
    {
        byte[] image = Image("-t", "ext4", "-O", "^has_journal");
        foreach (string what in (string[])["superblock", "group", "inode"])
        {
            byte[] damaged = [.. image];
            int blockSize = 1024 << damaged[1024 + 0x18];
            int group = blockSize == 1024 ? 2048 : blockSize;
            int table = BitConverter.ToInt32(damaged, group + 8) * blockSize;
            damaged[what switch { "superblock" => 1024 + 0x30, "group" => group + 12, _ => table + 256 + 8 }] ^= 1;
            Assert.Contains("checksum", Assert.Throws<MalformedInputException>(() => ReadAll(ByteSource.FromMemory(damaged))).Problem, StringComparison.Ordinal);
        }
    }

    private static void ReadAll(ByteSource image)
    {
        byte[] buffer = new byte[64];
        foreach ((string _, FileNode node) in Ext4Reader.Open(image).ReadTree().Walk())
        {
            int count = (int)Math.Min(node.Content.Length, buffer.Length);
            node.Content.ReadExactly(0, buffer.AsSpan(0, count));
            node.Content.ReadExactly(node.Content.Length - count, buffer.AsSpan(0, count));
        }
    }

    private static byte[] Image(params string[] arguments)
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["in/a/b"]);
        for (int i = 0; i < 30; i++)
        {
            File.WriteAllBytes(folder[$"in/a/{i}"], CompressedTree.Text(i * 10, i));
        }

        File.WriteAllBytes(folder["in/a/b/large"], CompressedTree.Text(300_001, 1));
        File.CreateSymbolicLink(folder["in/link"], "a/b");
        File.CreateSymbolicLink(folder["in/long link"], new string('l', 100));
        HostTree.TrySetAttribute(folder["in/a/1"], "user.name", new byte[30]);
        HostTree.TrySetAttribute(folder["in/a/2"], "user.name", new byte[900]);
        MkfsTests.MakeImage(folder, folder["in"], "1M", [.. arguments, "-N", "64"]);
        return File.ReadAllBytes(folder["image"]);
    }
}
