using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Tests.Erofs;

public class ErofsRoundTripTests
{
    [Fact]
    public void Every_kind_of_file_survives_writing_and_reading()
    {
        FileTree tree = ErofsTestTrees.WithAttributes(ErofsTestTrees.Everything());

        ErofsTestTrees.AssertEqual(tree, ErofsTestTrees.RoundTrip(tree));
    }

    [Fact]
    public void Any_tree_survives_writing_and_reading() =>
        ErofsTestTrees.Any.Sample(tree => ErofsTestTrees.AssertEqual(tree, ErofsTestTrees.RoundTrip(tree)), iter: 200);

    [Fact]
    public void An_empty_tree_is_two_blocks()
    {
        ByteSource image = ErofsWriter.Layout(new FileTree(), ErofsTestTrees.Options);

        Assert.Equal(8192, image.Length);
        Assert.True(ErofsReader.IsErofs(image));
        ErofsSuperblock superblock = ErofsReader.Open(image).Superblock;
        Assert.Equal(2u, superblock.BlockCount);
        Assert.Equal(1ul, superblock.InodeCount);
        Assert.Equal(ErofsTestTrees.BuildTime, superblock.BuildTimeSeconds);
        Assert.Equal("mantle", superblock.VolumeName);
        Assert.Equal(ErofsTestTrees.Options.VolumeId, superblock.VolumeId);
    }

    [Fact]
    public void The_same_tree_gives_the_same_bytes_whatever_the_order_it_was_made_in()
    {
        FileTree first = new();
        FileTree second = new();
        string[] names = ["b", "a", "c/d", "c/a", "z"];
        foreach (string name in names)
        {
            first.Put(name, ErofsTestTrees.File(name[0]));
        }

        foreach (string name in names.Reverse())
        {
            second.Put(name, ErofsTestTrees.File(name[0]));
        }

        Assert.Equal(
            ErofsWriter.Layout(first, ErofsTestTrees.Options).ToArray(),
            ErofsWriter.Layout(second, ErofsTestTrees.Options).ToArray());
    }

    [Fact]
    public void Contents_are_not_read_while_the_layout_is_computed()
    {
        FileTree tree = new();
        tree.Put("file", FileNode.Regular(new UnreadableSource(1L << 33)));

        ByteSource image = ErofsWriter.Layout(tree, ErofsTestTrees.Options);

        Assert.Equal((2L * 4096) + (1L << 33), image.Length);
    }

    [Fact]
    public void File_data_lie_in_tree_order()
    {
        FileTree tree = new();
        tree.Put("b/2", ErofsTestTrees.File(4096, 2));
        tree.Put("a", ErofsTestTrees.File(8192, 1));
        tree.Put("c", ErofsTestTrees.File(4096, 3));

        byte[] image = ErofsWriter.Layout(tree, ErofsTestTrees.Options).ToArray();

        byte[] expected = [.. ErofsTestTrees.Bytes(8192, 1), .. ErofsTestTrees.Bytes(4096, 2), .. ErofsTestTrees.Bytes(4096, 3)];
        Assert.Equal(expected, image[^expected.Length..]);
    }

    [Fact]
    public void Gaps_behind_large_tails_are_taken_by_small_files()
    {
        FileTree tree = new();
        for (int i = 0; i < 100; i++)
        {
            tree.Put($"{i:D3}-large", ErofsTestTrees.File(3000, i));
            tree.Put($"{i:D3}-small", ErofsTestTrees.File(900, i));
        }

        // 100 blocks would do for the files: 3032 and 932 bytes with the inodes.
        Assert.InRange(ErofsWriter.Layout(tree, ErofsTestTrees.Options).Length / 4096, 102, 106);
    }

    private sealed class UnreadableSource(long length) : ByteSource
    {
        public override long Length => length;

        protected internal override void ReadCore(long offset, Span<byte> destination) => throw new InvalidOperationException("content was read");
    }
}
