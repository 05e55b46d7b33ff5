using Mantle.Formats.Erofs;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Tests.Erofs;

public class ErofsWriterRefusalTests
{
    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a\0b")]
    public void A_name_that_no_file_can_have_is_refused(string name) =>
        Refused(tree => tree.Root.Children.Add(name, ErofsTestTrees.File(1)), "which no file can have");

    [Fact]
    public void A_name_of_256_bytes_is_refused() =>
        Refused(tree => tree.Put(new string('a', 256), ErofsTestTrees.File(1)), "which no file can have");

    [Fact]
    public void A_directory_under_two_names_is_refused() =>
        Refused(
            tree =>
            {
                FileNode directory = FileNode.Directory();
                tree.Put("a", directory);
                tree.Put("b", directory);
            },
            "\"/b\" is the same directory as \"/a\"");

    [Fact]
    public void A_directory_within_itself_is_refused() =>
        Refused(
            tree =>
            {
                FileNode directory = FileNode.Directory();
                directory.Children.Add("again", directory);
                tree.Put("a", directory);
            },
            "\"/a/again\" is the same directory as \"/a\"");

    [Fact]
    public void An_attribute_without_a_known_prefix_is_refused() =>
        Refused(tree => Attribute(tree, "system.other", [1]), "\"/a\": extended attribute \"system.other\" has no prefix that erofs knows");

    [Fact]
    public void An_attribute_that_is_only_a_prefix_is_refused() => Refused(tree => Attribute(tree, "user.", [1]), "no prefix");

    [Fact]
    public void An_attribute_of_more_than_65535_bytes_is_refused() =>
        Refused(tree => Attribute(tree, "user.a", new byte[65536]), "65536 bytes, at most 65535");

    [Fact]
    public void Attributes_beyond_what_an_inode_counts_are_refused() =>
        Refused(
            tree =>
            {
                for (int i = 0; i < 5; i++)
                {
                    Attribute(tree, $"user.{i}", new byte[65535]);
                }
            },
            "extended attributes take");

    [Fact]
    public void A_link_without_a_target_is_refused() => Refused(tree => tree.Put("a", FileNode.SymbolicLink("")), "link target");

    [Fact]
    public void A_link_target_beyond_the_longest_path_is_refused() =>
        Refused(tree => tree.Put("a", FileNode.SymbolicLink(new string('a', 4096))), "link target");

    [Fact]
    public void A_device_number_beyond_its_field_is_refused() =>
        Refused(tree => tree.Put("a", new FileNode(FileKind.BlockDevice, 0) { DeviceMajor = 4096 }), "device number 4096:0");

    [Fact]
    public void Directories_nested_too_deep_are_refused() =>
        Refused(
            tree =>
            {
                FileNode at = tree.Root;
                for (int i = 0; i < 1025; i++)
                {
                    FileNode next = FileNode.Directory();
                    at.Children.Add("d", next);
                    at = next;
                }
            },
            "more than 1024 directories deep");

    [Fact]
    public void A_volume_name_of_16_bytes_is_refused() =>
        Assert.Throws<ArgumentException>(() => ErofsWriter.Layout(new FileTree(), ErofsTestTrees.Options with { VolumeName = new string('a', 16) }));

    private static void Attribute(FileTree tree, string name, byte[] value)
    {
        if (!tree.TryFind("a", out FileNode? node))
        {
            node = ErofsTestTrees.File(1);
            tree.Put("a", node);
        }

        node.ExtendedAttributes[name] = value;
    }

    private static void Refused(Action<FileTree> change, string message)
    {
        FileTree tree = new();
        change(tree);
        Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(() => ErofsWriter.Layout(tree, ErofsTestTrees.Options)).Message, StringComparison.Ordinal);
    }
}
