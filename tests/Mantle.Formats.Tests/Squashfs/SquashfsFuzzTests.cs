using System.Buffers.Binary;
using Mantle.Formats.Bytes;
using Mantle.Formats.Squashfs;
using Mantle.Formats.Tests.Cpio;
using Mantle.Formats.Tests.Erofs;
using Mantle.Formats.Tests.Erofs.Compression;
using Mantle.Formats.Tree;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Squashfs;

public class SquashfsFuzzTests
{
    [Theory]
    [InlineData("-comp", "gzip")]
    [InlineData("-comp", "xz")]
    [InlineData("-comp", "zstd")]
    [InlineData("-comp", "lz4")]
    [InlineData("-comp", "gzip", "-noI", "-noD", "-noF", "-noX")]
    public void Mangled_images_are_read_or_refused(params string[] arguments)
    {
        byte[] image = Image(arguments);
        Mangling.Survive(image, ReadAll, iterations: 1500);

        // The superblock and what follows the data, which is all metadata.
        long tables = BinaryPrimitives.ReadInt64LittleEndian(image.AsSpan(64));
        int[] interesting = [.. Enumerable.Range(0, 96), .. Enumerable.Range((int)tables, image.Length - (int)tables)];
        Mangling.Survive(image, ReadAll, interesting, iterations: 3000);
    }

    [Fact]
    public void A_directory_with_two_names_is_refused()
    {
        byte[] image = Image("-comp", "gzip", "-noI");
        SquashfsReader reader = SquashfsReader.Open(ByteSource.FromMemory(image));

        // The last entry of the root's listing is a directory as the one before it is: both get the inode of the root.
        byte[] root = BitConverter.GetBytes((ushort)(reader.Superblock.RootInode & ushort.MaxValue));
        long directories = BinaryPrimitives.ReadInt64LittleEndian(image.AsSpan(72));
        int found = image.AsSpan((int)directories).IndexOf("twice"u8);
        Assert.True(found > 8);
        root.CopyTo(image, (int)directories + found - 8);

        string problem = Assert.Throws<MalformedInputException>(() => SquashfsReader.Open(ByteSource.FromMemory(image)).ReadTree()).Problem;
        Assert.Contains("has two names", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_claims_more_blocks_than_the_image_has_is_refused()
    {
        byte[] image = Image("-comp", "gzip", "-noI");
        int inode = image.AsSpan().IndexOf(BitConverter.GetBytes(300_001));
        Assert.True(inode > 0);
        BitConverter.TryWriteBytes(image.AsSpan(inode), uint.MaxValue);
        Assert.Throws<MalformedInputException>(() => ReadAll(ByteSource.FromMemory(image)));
    }

    private static void ReadAll(ByteSource image)
    {
        byte[] buffer = new byte[64];
        foreach ((string _, FileNode node) in SquashfsReader.Open(image).ReadTree().Walk())
        {
            node.Content.ReadExactly(0, buffer.AsSpan(0, (int)Math.Min(node.Content.Length, buffer.Length)));
            node.Content.ReadExactly(node.Content.Length - Math.Min(node.Content.Length, buffer.Length), buffer.AsSpan(0, (int)Math.Min(node.Content.Length, buffer.Length)));
        }
    }

    private static byte[] Image(params string[] arguments)
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["in/a/b"]);
        Directory.CreateDirectory(folder["in/twice"]);
        for (int i = 0; i < 40; i++)
        {
            File.WriteAllBytes(folder[$"in/a/{i}"], CompressedTree.Text(i * 40, i));
        }

        File.WriteAllBytes(folder["in/a/b/large"], CompressedTree.Text(300_001, 1));
        File.CreateSymbolicLink(folder["in/link"], "a/b");
        HostTree.TrySetAttribute(folder["in/a/1"], "user.name", new byte[300]);
        HostTree.TrySetAttribute(folder["in/a/2"], "user.name", new byte[300]);
        MksquashfsTests.MakeImage(folder, folder["in"], [.. arguments, "-nopad"]);
        return File.ReadAllBytes(folder["image"]);
    }
}
