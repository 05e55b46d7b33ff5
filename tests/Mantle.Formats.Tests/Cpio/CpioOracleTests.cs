using System.Runtime.Versioning;
using Mantle.Formats.Bytes;
using Mantle.Formats.Cpio;
using Mantle.Formats.Tree;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Cpio;

/// <summary>GNU cpio says whether we are right, in both directions.</summary>
[UnsupportedOSPlatform("windows")]
public class CpioOracleTests
{
    [Fact]
    public void Gnu_cpio_lists_and_extracts_what_we_write()
    {
        FileTree tree = Sample();
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["archive"], CpioWriter.Layout(tree).ToArray());

        string listed = Oracle.Succeed("cpio", "-t", "--quiet", "-F", folder["archive"]);
        Assert.Equal(tree.Walk().Select(file => file.Path), listed.TrimEnd('\n').Split('\n'));

        Oracle.Succeed("cpio", "-i", "-m", "-d", "--quiet", "--no-preserve-owner", "-D", folder.Root, "-F", folder["archive"]);
        foreach ((string path, FileNode node) in tree.Walk())
        {
            FileSystemInfo extracted = node.Kind == FileKind.Directory ? new DirectoryInfo(folder[path]) : new FileInfo(folder[path]);
            Assert.True(extracted.Exists || node.Kind == FileKind.SymbolicLink, path);
            if (node.Kind == FileKind.SymbolicLink)
            {
                Assert.Equal(node.LinkTarget, extracted.LinkTarget);
            }
            else
            {
                Assert.Equal(node.Permissions, (int)File.GetUnixFileMode(folder[path]));
            }

            // cpio does not put back the time of a directory that it fills.
            if (node.Kind is not (FileKind.SymbolicLink or FileKind.Directory))
            {
                Assert.Equal(node.ModifiedSeconds, new DateTimeOffset(extracted.LastWriteTimeUtc).ToUnixTimeSeconds());
            }

            if (node.Kind == FileKind.Regular)
            {
                Assert.Equal(node.Content.ToArray(), File.ReadAllBytes(folder[path]));
            }
        }

        Assert.Equal("3", Oracle.Succeed("stat", "-c", "%h", folder["bin/tool"]).Trim());
    }

    [Theory]
    [InlineData("newc")]
    [InlineData("crc")]
    public void What_gnu_cpio_writes_is_read(string format)
    {
        using TemporaryFolder folder = new();
        string root = Directory.CreateDirectory(folder["root"]).FullName;
        Directory.CreateDirectory($"{root}/etc/deep/er");
        File.WriteAllText($"{root}/etc/name", "value");
        File.WriteAllBytes($"{root}/etc/deep/er/big", [.. Enumerable.Range(0, 100_001).Select(i => (byte)(i * 7 % 251))]);
        File.CreateSymbolicLink($"{root}/link", "etc/name");
        Oracle.Succeed("ln", $"{root}/etc/name", $"{root}/etc/twin");
        Oracle.Succeed("mkfifo", $"{root}/pipe");
        File.SetUnixFileMode($"{root}/etc/name", (UnixFileMode)0x9ED); // 4755

        // cpio takes names from standard input, which the test runner leaves to a shell.
        Oracle.Succeed("sh", "-c", $"cd '{root}' && find . | cpio -o -H {format} --quiet > '{folder["archive"]}'");
        using var file = File.OpenHandle(folder["archive"]);
        FileTree tree = CpioReader.ReadTree(ByteSource.FromFile(file));

        Assert.Equal(
            ["etc", "etc/deep", "etc/deep/er", "etc/deep/er/big", "etc/name", "etc/twin", "link", "pipe"],
            tree.Walk().Select(entry => entry.Path));
        Assert.True(tree.TryFind("etc/name", out FileNode? name));
        Assert.True(tree.TryFind("etc/twin", out FileNode? twin));
        Assert.True(tree.TryFind("link", out FileNode? link));
        Assert.True(tree.TryFind("etc/deep/er/big", out FileNode? big));
        Assert.Same(name, twin);
        Assert.Equal(0x9ED, name.Permissions);
        Assert.Equal("value"u8.ToArray(), name.Content.ToArray());
        Assert.Equal("etc/name", link.LinkTarget);
        Assert.Equal(File.ReadAllBytes($"{root}/etc/deep/er/big"), big.Content.ToArray());
    }

    [Fact]
    public void A_verbose_listing_of_gnu_cpio_shows_our_owners_and_devices()
    {
        FileTree tree = new();
        tree.Put("console", new FileNode(FileKind.CharacterDevice, 0b110_000_000) { DeviceMajor = 5, DeviceMinor = 1, UserId = 7, GroupId = 9 });
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["archive"], CpioWriter.Layout(tree).ToArray());

        string listed = Oracle.Succeed("cpio", "-tvn", "--quiet", "-F", folder["archive"]);
        Assert.Matches(@"^crw-------\s+1\s+7\s+9\s+5,\s+1\s", listed);
    }

    private static FileTree Sample()
    {
        FileTree tree = TreeText.With(("etc/os-release", "ID=x\n"), ("bin/tool", "#!"), ("etc/empty", ""), ("etc/ünï", "u"));
        FileNode tool = tree.Root.Children["bin"].Children["tool"];
        tool.Permissions = 0b111_101_101;
        tree.Put("bin/again", tool);
        tree.Put("zz", tool);
        tree.Put("lib", FileNode.SymbolicLink("usr/lib"));
        tree.Put("usr/lib/big", FileNode.Regular(ByteSource.FromMemory(Enumerable.Range(0, 200_003).Select(i => (byte)(i * 11 % 251)).ToArray()), 0b100_100_100));
        foreach ((_, FileNode node) in tree.Walk())
        {
            node.ModifiedSeconds = 1_700_000_000;
        }

        return tree;
    }
}
