using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Tests.Erofs;

public class ErofsPrinterTests
{
    [Fact]
    public void An_image_prints_its_superblock_and_a_line_for_each_name()
    {
        FileTree tree = new();
        ErofsTestTrees.Timed(tree.Root);
        FileNode file = FileNode.Regular(ByteSource.FromMemory("hello"u8.ToArray()));
        file.ModifiedSeconds = 7;
        file.ExtendedAttributes["user.a"] = [0xAB, 0xCD];
        tree.Put("dir/a", file);
        tree.Put("dir/b", file);
        ErofsTestTrees.Timed(tree.Root.Children["dir"]);
        tree.Put("escape\u001b[31m", ErofsTestTrees.Timed(FileNode.SymbolicLink("dir/a b")));
        tree.Put("large", ErofsTestTrees.File(8193));
        tree.Put("null", ErofsTestTrees.Timed(new FileNode(FileKind.CharacterDevice, 0b110_110_110) { DeviceMajor = 1, DeviceMinor = 3 }));
        using StringWriter output = new();

        ErofsPrinter.Print(ErofsReader.Open(ErofsWriter.Layout(tree, ErofsTestTrees.Options)), output);

        Assert.Equal(
            """
            checksum:              0xCHECKSUM
            compatible features:   0x3 (SuperblockChecksum, ModificationTime)
            incompatible features: 0x0 (None)
            block size:            4096
            blocks:                4
            metadata block:        0
            attribute block:       0
            inodes:                6
            root inode:            128
            build time:            1700000000.000000000
            volume id:             01234567-89ab-cdef-0123-456789abcdef
            volume name:           mantle
                 128 compact  inline     d0755 0:0 links 3 time 1700000000 size 98 /
                 133 compact  inline     d0755 0:0 links 2 time 1700000000 size 53 /dir
                 136 extended inline     -0644 0:0 links 2 time 7 size 5 /dir/a {user.a=abcd}
                 136 link to the same inode /dir/b {user.a=abcd}
                 139 compact  inline     l0777 0:0 links 1 time 1700000000 size 7 /escape\x1b[31m -> dir/a\x20b
                 141 compact  inline     -0644 0:0 links 1 time 1700000000 size 8193 block 2 /large
                 143 compact  plain      c0666 0:0 links 1 time 1700000000 device 1:3 /null

            """.ReplaceLineEndings("\n").Replace("CHECKSUM", $"{ErofsReader.Open(ErofsWriter.Layout(tree, ErofsTestTrees.Options)).Superblock.Checksum:x8}", StringComparison.Ordinal),
            output.ToString());
    }
}
