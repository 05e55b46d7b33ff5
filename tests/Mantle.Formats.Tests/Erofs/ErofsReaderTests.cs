using System.Buffers.Binary;
using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Tests.Erofs;

/// <summary>Images that are damaged in one place, each refused for the reason it should be.</summary>
public class ErofsReaderTests
{
    private const int RootInode = 4096;
    private const int RootEntries = RootInode + 32; // ".", "..", "a", "b", "d" and their names

    [Theory]
    [InlineData(1024, 0, "no superblock")]
    [InlineData(1024 + 4, 1, "superblock checksum is 0x")]
    public void A_superblock_that_is_none_is_refused(int offset, byte value, string problem)
    {
        byte[] image = Image();
        image[offset] = value;
        Refused(image, problem, withChecksum: false);
    }

    [Theory]
    [InlineData(12, 17, "block size of 2^17 bytes is not supported")]
    [InlineData(12, 8, "block size of 2^8 bytes is not supported")]
    [InlineData(80, 0x80, "feature 0x80 is not supported")]
    [InlineData(39, 1, "blocks of 4096 bytes are claimed but the image has")]
    [InlineData(90, 1, "directory blocks of 2^1 blocks are not supported")]
    [InlineData(15, 0xFF, "is outside the file system")]
    [InlineData(14, 0x81, "inode format 0x")]
    public void A_superblock_field_out_of_range_is_refused(int field, byte value, string problem) => Changed(1024 + field, value, problem);

    [Fact]
    public void Extra_devices_are_refused()
    {
        byte[] image = Image();
        image[1024 + 80] = 8;
        image[1024 + 86] = 1;
        Refused(image, "data on 1 extra devices are not supported");
    }

    [Theory]
    [InlineData(0, 0x15, "inode format 0x0015 is not supported")]
    [InlineData(0, 0x0A, "inode format 0x000a is not supported")]
    [InlineData(0, 0x03, "compression ")]
    [InlineData(5, 0x31, "is of no file type")]
    [InlineData(5, 0x81, "root is not a directory")]
    [InlineData(11, 0xFF, "inodes claim more metadata than the image has bytes")]
    [InlineData(8, 0, "directory 128 lacks \".\" or \"..\"")]
    [InlineData(2, 1, "extended attributes of 12 bytes are empty")]
    [InlineData(3, 0xFF, "run past the end")]
    public void A_root_inode_out_of_range_is_refused(int field, byte value, string problem) => Changed(RootInode + field, value, problem);

    [Theory]
    [InlineData(0, 0x81, "\".\" of directory 128 is inode 129, not 128")]
    [InlineData(12, 0x81, "\"..\" of directory 128 is inode 129, not 128")]
    [InlineData(24, 0x80, "directory 128 has two names")]
    [InlineData(24 + 7, 1, "is outside the file system")]
    [InlineData(24 + 10, 2, "entry has file type 2 but inode")]
    [InlineData(8, 59, "names of directory 128 start at 59")]
    [InlineData(8, 0, "names of directory 128 start at 0")]
    [InlineData(24 + 8, 1, "name of directory 128 runs from")]
    [InlineData(24 + 9, 0xFF, "name of directory 128 runs from")]
    [InlineData(60 + 3, (byte)'/', "is no file name")]
    [InlineData(60 + 3, 0, "is no file name")]
    [InlineData(60 + 5, 0, "is no file name")]
    [InlineData(60 + 3, (byte)'b', "entry \"b\" of directory 128 is a duplicate or out of order")]
    [InlineData(60 + 3, (byte)'c', "entry \"b\" of directory 128 is a duplicate or out of order")]
    [InlineData(60, (byte)'-', "lacks \".\" or \"..\"")]
    public void A_directory_that_is_damaged_is_refused(int field, byte value, string problem) => Changed(RootEntries + field, value, problem);

    [Fact]
    public void A_directory_that_holds_its_parent_is_refused()
    {
        byte[] image = Image();
        int entries = FindDirectory(image);

        // The entry "x" of "/d" becomes the root.
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(entries + 24), 128);
        image[entries + 24 + 10] = 2;
        Refused(image, "directory 128 has two names");
    }

    [Fact]
    public void Directories_nested_too_deep_are_refused()
    {
        // The writer refuses them itself, so two trees that are shallow enough are put on top of each other:
        // the file at the end of the first and the directory "e" change places.
        FileTree tree = new();
        ErofsTestTrees.Timed(tree.Root);
        string first = string.Join('/', Enumerable.Repeat("d", 1000));
        tree.Put(first + "/f", ErofsTestTrees.File(1));
        tree.Put("e/" + string.Join('/', Enumerable.Repeat("d", 30)), FileNode.Directory());
        foreach ((string _, FileNode node) in tree.Walk())
        {
            ErofsTestTrees.Timed(node);
        }

        byte[] image = ErofsWriter.Layout(tree, ErofsTestTrees.Options).ToArray();
        Dictionary<FileNode, ErofsInode> inodes = new(ReferenceEqualityComparer.Instance);
        FileTree read = ErofsReader.Open(ByteSource.FromMemory(image)).ReadTree(inodes);
        Assert.True(read.TryFind(first, out FileNode? last));
        ErofsInode lastDirectory = inodes[last];
        ErofsInode directory = inodes[read.Root.Children["e"]];
        ErofsInode file = inodes[last.Children["f"]];
        SetEntry(lastDirectory, 2, directory.Nid, fileType: 2);
        SetEntry(directory, 1, lastDirectory.Nid, fileType: 2);
        SetEntry(inodes[read.Root], 3, file.Nid, fileType: 1);
        Refused(image, "directories are nested more than 1024 deep");

        void SetEntry(ErofsInode inode, int index, ulong nid, byte fileType)
        {
            int entry = (int)inode.BodyOffset + (index * 12);
            BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(entry), nid);
            image[entry + 10] = fileType;
        }
    }

    [Fact]
    public void The_deepest_tree_that_is_written_is_read()
    {
        FileTree tree = new();
        tree.Put(string.Join('/', Enumerable.Repeat("d", 1024)), FileNode.Directory());

        Assert.Equal(1024, ErofsTestTrees.RoundTrip(tree).Walk().Count());
    }

    [Fact]
    public void A_plain_file_outside_the_image_is_refused()
    {
        byte[] image = Image();
        int inode = Inode(image, "b");
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(inode + 16), 1000);
        Refused(image, "8192 bytes at block 1000 are outside the file system");
    }

    [Fact]
    public void A_tail_across_a_block_boundary_is_refused()
    {
        byte[] image = Image();
        int inode = Inode(image, "a");
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(inode + 8), 4090);
        Refused(image, "tail of 4090 bytes crosses a block boundary");
    }

    [Fact]
    public void Chunk_addresses_are_followed_and_holes_are_zeros()
    {
        byte[] image = Image();
        ErofsSuperblock superblock = ErofsReader.Open(ByteSource.FromMemory(image)).Superblock;
        int inode = MakeChunks(image, size: 3 * 4096, format: 0, superblock.BlockCount - 1, uint.MaxValue, superblock.BlockCount - 2);

        FileNode node = Read(image).Root.Children["a"];
        byte[] expected = [.. image[^4096..], .. new byte[4096], .. image[^8192..^4096]];
        Assert.Equal(expected, node.Content.ToArray());
        Assert.NotEqual(0, inode);
    }

    [Theory]
    [InlineData(0x40, "chunk format 0x0040 is not supported")]
    [InlineData(0x20, "chunk on another device is not supported")]
    [InlineData(0x00, "outside the file system")]
    public void Chunks_that_are_nowhere_are_refused(ushort format, string problem)
    {
        byte[] image = Image();
        MakeChunks(image, size: 3 * 4096, format, 0x00010000, 0x00010000, 5);
        Refused(image, problem);
    }

    [Fact]
    public void More_chunk_addresses_than_the_image_has_bytes_are_refused()
    {
        byte[] image = Image();
        MakeChunks(image, size: uint.MaxValue, format: 0, 0, 0, 0);
        Refused(image, "chunk addresses are outside the file system");
    }

    [Fact]
    public void A_file_of_chunks_may_be_larger_than_the_image()
    {
        byte[] image = Image();
        MakeChunks(image, size: uint.MaxValue, format: 0x1F, uint.MaxValue, 0, 0);

        Assert.Equal(uint.MaxValue, Read(image).Root.Children["a"].Content.Length);
    }

    [Fact]
    public void Many_inodes_that_claim_the_same_metadata_are_refused()
    {
        FileTree tree = new();
        tree.Put("long", ErofsTestTrees.Timed(FileNode.SymbolicLink(new string('l', 4090))));
        for (int i = 0; i < 100; i++)
        {
            tree.Put($"short/{i}", ErofsTestTrees.Timed(FileNode.SymbolicLink("s")));
        }

        byte[] image = ErofsWriter.Layout(tree, ErofsTestTrees.Options).ToArray();
        Dictionary<FileNode, ErofsInode> inodes = new(ReferenceEqualityComparer.Instance);
        FileTree read = ErofsReader.Open(ByteSource.FromMemory(image)).ReadTree(inodes);
        uint block = inodes[read.Root.Children["long"]].Data;
        foreach (FileNode node in read.Root.Children["short"].Children.Values)
        {
            int inode = (int)inodes[node].Offset;
            image[inode] = 0;
            BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(inode + 8), 4090);
            BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(inode + 16), block);
        }

        Refused(image, "inodes claim more metadata than the image has bytes");
    }

    [Fact]
    public void A_long_prefix_is_put_in_front_of_an_attribute_name()
    {
        // The table lies in the data of a file: a prefix of 1 + 7 bytes, the index of "trusted." and what extends it.
        FileTree tree = new();
        byte[] content = new byte[4096];
        "\u0008\0\u0004overlay"u8.CopyTo(content);
        FileNode table = FileNode.Regular(ByteSource.FromMemory(content));
        table.ExtendedAttributes["user..opaque"] = "y"u8.ToArray();
        tree.Put("table", table);
        byte[] image = ErofsWriter.Layout(tree, ErofsTestTrees.Options).ToArray();
        int entry = Inode(image, "table") + 64 + 12;
        Assert.Equal(1, image[entry + 1]);
        image[entry + 1] = 0x80;
        Refused([.. image], "extended attribute prefix 0 of 0 is not defined");

        image[1024 + 80] = 0x40;
        image[1024 + 91] = 1;
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(1024 + 92), (image.Length - 4096) / 4);
        FileTree read = Read(ErofsReaderFuzzTests.WithChecksum(image));
        Assert.Equal("y"u8, read.Root.Children["table"].ExtendedAttributes["trusted.overlay.opaque"]);

        image[image.Length - 4096] = 0;
        Refused(image, "extended attribute prefix of 0 bytes is not possible");
    }

    [Fact]
    public void An_image_in_a_longer_device_is_read()
    {
        byte[] image = Image();
        ErofsTestTrees.AssertEqual(Read(image), Read([.. image, .. ErofsTestTrees.Bytes(5000)]));
    }

    [Fact]
    public void Bytes_without_the_magic_number_are_not_erofs()
    {
        Assert.False(ErofsReader.IsErofs(ByteSource.Empty));
        Assert.False(ErofsReader.IsErofs(ByteSource.Zeros(4096)));
        Assert.False(ErofsReader.IsErofs(ByteSource.FromMemory(Image().AsMemory(0, 1151))));
    }

    private static byte[] Image()
    {
        FileTree tree = new();
        ErofsTestTrees.Timed(tree.Root);
        tree.Put("a", ErofsTestTrees.File(100, 1));
        tree.Put("b", ErofsTestTrees.File(8192, 2));
        tree.Put("d/x", ErofsTestTrees.File(3, 3));
        return ErofsWriter.Layout(tree, ErofsTestTrees.Options).ToArray();
    }

    private static FileTree Read(byte[] image) => ErofsReader.Open(ByteSource.FromMemory(image)).ReadTree();

    private static void Changed(int offset, byte value, string problem)
    {
        byte[] image = Image();
        image[offset] = value;
        Refused(image, problem);
    }

    private static void Refused(byte[] image, string problem, bool withChecksum = true)
    {
        byte[] damaged = withChecksum ? ErofsReaderFuzzTests.WithChecksum(image) : image;
        Assert.Contains(problem, Assert.Throws<MalformedInputException>(() => Read(damaged)).Problem, StringComparison.Ordinal);
    }

    /// <summary>Offset of a file of the root directory.</summary>
    private static int Inode(byte[] image, string name)
    {
        Dictionary<FileNode, ErofsInode> inodes = new(ReferenceEqualityComparer.Instance);
        FileTree tree = ErofsReader.Open(ByteSource.FromMemory(image)).ReadTree(inodes);
        return (int)inodes[tree.Root.Children[name]].Offset;
    }

    private static int FindDirectory(byte[] image)
    {
        int inode = Inode(image, "d");
        return inode + (image[inode] == 4 ? 32 : 64);
    }

    /// <summary>Turns the file "a", which has 100 bytes of room behind its inode, into chunks.</summary>
    private static int MakeChunks(byte[] image, uint size, ushort format, params ReadOnlySpan<uint> blocks)
    {
        int inode = Inode(image, "a");
        Assert.Equal(4, image[inode]);
        image[inode] = 4 << 1;
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(inode + 8), size);
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(inode + 16), format);
        for (int i = 0; i < blocks.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(inode + 32 + (i * 4)), blocks[i]);
        }

        return inode;
    }
}
