using System.Text;
using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Cpio;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Tests.Cpio;

public class CpioTests
{
    [Fact]
    public void One_file_is_laid_out_as_the_format_says()
    {
        FileNode file = FileNode.Regular(TreeText.Bytes("hello"), 0b111_101_101);
        file.UserId = 16;
        file.GroupId = 255;
        file.ModifiedSeconds = 0x65432100;
        FileTree tree = new();
        tree.Put("init", file);

        string header = "070701" + "00000001" + "000081ed" + "00000010" + "000000ff" + "00000001" + "65432100" + "00000005"
            + "00000000" + "00000000" + "00000000" + "00000000" + "00000005" + "00000000" + "init\0\0" + "hello\0\0\0";
        string trailer = "070701" + "00000000" + "00000000" + "00000000" + "00000000" + "00000001" + "00000000" + "00000000"
            + "00000000" + "00000000" + "00000000" + "00000000" + "0000000b" + "00000000" + "TRAILER!!!\0\0\0\0";
        Assert.Equal(header + trailer, Encoding.ASCII.GetString(CpioWriter.Layout(tree).ToArray()));
    }

    [Fact]
    public void Any_tree_survives_writing_and_reading() =>
        RandomTree.Any.Sample(tree => Assert.Equal(TreeText.Of(tree), TreeText.Of(CpioReader.ReadTree(CpioWriter.Layout(tree)))), iter: 500);

    [Fact]
    public void What_was_read_is_written_with_the_same_bytes() =>
        RandomTree.Any.Sample(
            tree =>
            {
                byte[] bytes = CpioWriter.Layout(tree).ToArray();
                Assert.Equal(bytes, CpioWriter.Layout(CpioReader.ReadTree(ByteSource.FromMemory(bytes))).ToArray());
                Assert.Equal(0, bytes.Length % 4);
            },
            iter: 200);

    [Fact]
    public void Inodes_count_from_one_and_the_last_name_of_a_hard_link_has_the_data()
    {
        FileTree tree = new();
        FileNode shared = FileNode.Regular(TreeText.Bytes("data"));
        tree.Put("a", shared);
        tree.Put("d/b", shared);
        tree.Put("d/c", FileNode.Regular(TreeText.Bytes("other")));
        tree.Put("e", shared);

        Assert.Equal(
            ["a 1 3 0", "d 2 2 0", "d/b 1 3 0", "d/c 3 1 5", "e 1 3 4"],
            CpioReader.Entries(CpioWriter.Layout(tree)).Select(e => $"{e.Name} {e.Inode} {e.LinkCount} {e.Data.Length}"));
    }

    [Fact]
    public void The_root_directory_is_written_on_request_only()
    {
        FileTree tree = TreeText.With(("a", ""));
        tree.Root.Permissions = 0b111_000_000;

        Assert.Equal(["a"], CpioReader.Entries(CpioWriter.Layout(tree)).Select(e => e.Name));
        ByteSource withRoot = CpioWriter.Layout(tree, new() { IncludeRoot = true });
        Assert.Equal([".", "a"], CpioReader.Entries(withRoot).Select(e => e.Name));
        Assert.Equal(0b111_000_000, CpioReader.ReadTree(withRoot).Root.Permissions);
    }

    [Fact]
    public void Archives_one_behind_another_are_unpacked_over_each_other()
    {
        ByteSource early = CpioWriter.Layout(TreeText.With(("kernel/x86/microcode", "u"), ("etc/name", "old, and longer")));
        ByteSource main = CpioWriter.Layout(TreeText.With(("etc/name", "new"), ("init", "i")));
        ByteSource both = ByteSource.Compose(early.Length + 1020 + main.Length + 3, [new(0, early), new(early.Length + 1020, main)]);

        Assert.Equal(
            TreeText.Of(TreeText.With(("etc/name", "new"), ("init", "i"), ("kernel/x86/microcode", "u"))),
            TreeText.Of(CpioReader.ReadTree(both)));
        Assert.Equal([0, 1], CpioReader.Entries(both).Where(e => e.Name == "etc/name").Select(e => e.Archive));
    }

    [Fact]
    public void Inode_numbers_mean_nothing_across_archives()
    {
        FileTree first = new();
        FileNode shared = FileNode.Regular(TreeText.Bytes("1"));
        first.Put("a", shared);
        first.Put("b", shared);
        FileTree second = new();
        FileNode other = FileNode.Regular(TreeText.Bytes("2"));
        second.Put("c", other);
        second.Put("d", other);

        FileTree read = CpioReader.ReadTree(Concatenate(CpioWriter.Layout(first), CpioWriter.Layout(second)));

        Assert.True(read.TryFind("a", out FileNode? a));
        Assert.True(read.TryFind("d", out FileNode? d));
        Assert.NotSame(a, d);
        Assert.Equal("1", Encoding.ASCII.GetString(a.Content.ToArray()));
    }

    [Fact]
    public void What_follows_the_archives_is_refused_but_its_offset_can_be_asked_for()
    {
        ByteSource archive = CpioWriter.Layout(TreeText.With(("a", "b")));
        ByteSource compressed = ByteSource.FromMemory(new byte[] { 0x28, 0xB5, 0x2F, 0xFD, 0, 0, 0, 0 });
        ByteSource both = ByteSource.Compose(archive.Length + 12, [new(0, archive), new(archive.Length + 4, compressed)]);

        MalformedInputException refusal = Assert.Throws<MalformedInputException>(() => CpioReader.ReadTree(both));
        Assert.Equal(archive.Length + 4, refusal.Offset);
        Assert.Equal(archive.Length + 4, CpioReader.MeasureArchives(both));
        Assert.Equal(archive.Length, CpioReader.MeasureArchives(archive));
    }

    [Fact]
    public void A_checksum_is_verified()
    {
        byte[] archive = CpioWriter.Layout(TreeText.With(("a", "\u0001\u0002\u0003"))).ToArray();
        "070702"u8.CopyTo(archive);
        "00000006"u8.CopyTo(archive.AsSpan(102));
        Assert.Single(CpioReader.ReadTree(ByteSource.FromMemory(archive)).Root.Children);

        archive[112]++; // the data
        Assert.Contains("checksum", Assert.Throws<MalformedInputException>(() => CpioReader.ReadTree(ByteSource.FromMemory(archive))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "no archive starts here at offset 0x0")]
    [InlineData("\0\0\0\0", "no archive starts here at offset 0x4")]
    [InlineData("\0070701", "no archive starts here at offset 0x1")]
    [InlineData("070707000000", "no archive starts here at offset 0x0")]
    [InlineData("070701", "needs 8 bytes but 0 are left at offset 0x6")]
    public void Odd_starts_are_refused(string text, string message) =>
        Assert.Equal($"cpio: {message}", Assert.Throws<MalformedInputException>(() => CpioReader.ReadTree(TreeText.Bytes(text))).Message);

    [Fact]
    public void Every_truncation_is_refused()
    {
        byte[] archive = CpioWriter.Layout(TreeText.With(("a/b", "12345"), ("c", ""))).ToArray();
        for (int length = 0; length < archive.Length; length++)
        {
            Assert.Throws<MalformedInputException>(() => CpioReader.ReadTree(ByteSource.FromMemory(archive.AsMemory(0, length))));
        }
    }

    [Theory]
    [InlineData("ab/cd", "../cd", "leaves its directory")]
    [InlineData("ab/cd", "cd/ab", "is below \"cd\", which is no directory")]
    [InlineData("ab/cd", "ab\0cd", "goes on behind its end")]
    [InlineData("ab/cd", "\0\0\0\0\0", "a name is empty")]
    public void A_name_that_linux_would_not_unpack_there_is_refused(string written, string mangled, string problem)
    {
        string archive = Encoding.Latin1.GetString(CpioWriter.Layout(TreeText.With((written, ""))).ToArray());
        byte[] bytes = Encoding.Latin1.GetBytes(archive.Replace(written, mangled, StringComparison.Ordinal));

        Assert.Contains(problem, Assert.Throws<MalformedInputException>(() => CpioReader.ReadTree(ByteSource.FromMemory(bytes))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_may_be_padded_with_zeros()
    {
        string archive = Encoding.Latin1.GetString(CpioWriter.Layout(TreeText.With(("abcdef", "x"))).ToArray());
        byte[] bytes = Encoding.Latin1.GetBytes(archive.Replace("abcdef", "abc\0\0\0", StringComparison.Ordinal));

        Assert.Equal(["abc"], CpioReader.ReadTree(ByteSource.FromMemory(bytes)).Root.Children.Keys);
    }

    [Fact]
    public void A_tree_that_the_format_cannot_hold_is_refused()
    {
        FileNode early = FileNode.Regular(ByteSource.Empty);
        early.ModifiedSeconds = -1;
        FileNode capable = FileNode.Regular(ByteSource.Empty);
        capable.ExtendedAttributes.Add("security.capability", [1]);
        FileNode folder = FileNode.Directory();
        Refused("which 32 bits do not hold", ("f", early));
        Refused("security.capability", ("f", capable));
        Refused("4294967296 bytes", ("f", FileNode.Regular(ByteSource.Zeros(1L << 32))));
        Refused("two names", ("f", folder), ("g", folder));
        Refused("ends an archive", (CpioTrailer, FileNode.Regular(ByteSource.Empty)));
        Refused("path of more than", (new string('a', 4096), FileNode.Regular(ByteSource.Empty)));
        Refused("without a target", ("f", FileNode.SymbolicLink("")));
        Refused("link target of more than", ("f", FileNode.SymbolicLink(new string('a', 4096))));
    }

    [Fact]
    public void A_file_of_almost_four_gibibytes_is_laid_out_without_being_held()
    {
        FileTree tree = new();
        tree.Put("big", FileNode.Regular(ByteSource.Zeros(uint.MaxValue)));

        Assert.Equal(uint.MaxValue, CpioReader.ReadTree(CpioWriter.Layout(tree)).Root.Children["big"].Content.Length);
    }

    [Fact]
    public void Mangled_archives_are_read_or_refused()
    {
        FileTree tree = TreeText.With(("a/b", "1"), ("a/c", "23456"));
        tree.Put("a/d", FileNode.SymbolicLink("../x"));
        tree.Root.Children.Add("e", tree.Root.Children["a"].Children["b"]);
        tree.Put("n", new FileNode(FileKind.CharacterDevice, 0x180) { DeviceMajor = 1, DeviceMinor = 3 });
        ByteSource archive = CpioWriter.Layout(tree);
        Mangling.Survive(Concatenate(archive, archive).ToArray(), source => Assert.NotNull(CpioReader.Entries(source).ToList()));
        Mangling.Survive(archive.ToArray(), source => CpioReader.ReadTree(source));
    }

    [Fact]
    public void The_printer_shows_each_member_on_one_line()
    {
        FileTree tree = TreeText.With(("a/b\n\u001b[31m", "x"));
        tree.Put("l", FileNode.SymbolicLink("a"));
        StringWriter output = new();
        CpioPrinter.Print(output, CpioWriter.Layout(tree));

        Assert.Equal(
            """
            cpio archive 0 at 0x0
            040755 0:0 2          0 1970-01-01T00:00:00Z a
            100644 0:0 1          1 1970-01-01T00:00:00Z a/b\u000a\u001b[31m sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881
            120777 0:0 1          1 1970-01-01T00:00:00Z l -> a

            """,
            output.ToString());
    }

    private const string CpioTrailer = "TRAILER!!!";

    private static ByteSource Concatenate(ByteSource a, ByteSource b) =>
        ByteSource.Compose(a.Length + b.Length, [new(0, a), new(a.Length, b)]);

    private static void Refused(string problem, params (string Path, FileNode Node)[] files)
    {
        FileTree tree = new();
        foreach ((string path, FileNode node) in files)
        {
            tree.Put(path, node);
        }

        Assert.Contains(problem, Assert.Throws<ArgumentException>(() => CpioWriter.Layout(tree)).Message, StringComparison.Ordinal);
    }
}
