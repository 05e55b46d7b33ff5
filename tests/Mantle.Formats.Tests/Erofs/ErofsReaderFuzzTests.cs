using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Tests.Erofs;

public class ErofsReaderFuzzTests
{
    private static readonly byte[] s_image = Image();

    [Fact]
    public void Truncation_at_any_offset_is_malformed_input()
    {
        for (int length = 0; length < s_image.Length; length += length < 1200 ? 1 : 97)
        {
            Assert.Throws<MalformedInputException>(() => ReadAll(s_image[..length]));
        }
    }

    [Fact]
    public void Flipped_bits_are_malformed_input_or_another_tree() =>
        Gen.Select(Gen.Int[1024, s_image.Length - 1], Gen.Int[0, 7]).Array[1, 8].Sample(
            flips =>
            {
                byte[] image = [.. s_image];
                foreach ((int offset, int bit) in flips)
                {
                    image[offset] ^= (byte)(1 << bit);
                }

                ReadLeniently(WithChecksum(image));
            },
            iter: 5000);

    [Fact]
    public void Random_bytes_behind_a_good_superblock_are_malformed_input_or_a_tree() =>
        Gen.Select(Gen.Int[4096, s_image.Length - 64], Gen.Byte.Array[1, 64]).Sample(
            (offset, bytes) =>
            {
                byte[] image = [.. s_image];
                bytes.CopyTo(image, offset);
                ReadLeniently(image);
            },
            iter: 5000);

    [Fact]
    public void Random_superblocks_are_malformed_input_or_a_tree() =>
        Gen.Byte.Array[124].Sample(
            bytes =>
            {
                byte[] image = [.. s_image];
                bytes.CopyTo(image, 1028);
                ReadLeniently(WithChecksum(image));
                image[1024 + 12] = 12;
                image.AsSpan(1024 + 80, 48).Clear();
                ReadLeniently(WithChecksum(image));
            },
            iter: 2000);

    [Fact]
    public void Any_flipped_bit_of_the_superblock_is_noticed()
    {
        for (int bit = 0; bit < 128 * 8; bit++)
        {
            byte[] image = [.. s_image];
            image[1024 + (bit / 8)] ^= (byte)(1 << (bit % 8));

            // Without its feature bit the checksum does not count; the bit itself is then the only change.
            if (bit != 8 * 8)
            {
                Assert.Throws<MalformedInputException>(() => ErofsReader.Open(ByteSource.FromMemory(image)));
            }
        }
    }

    private static byte[] Image()
    {
        FileTree tree = new();
        for (int i = 0; i < 150; i++)
        {
            tree.Put($"directory/{i:D3}-{new string('n', 20)}", ErofsTestTrees.File(i * 20, i));
        }

        tree.Put("link", FileNode.SymbolicLink("directory"));
        FileNode node = ErofsTestTrees.File(9000);
        node.ExtendedAttributes["user.name"] = ErofsTestTrees.Bytes(50);
        node.ExtendedAttributes["security.capability"] = ErofsTestTrees.Bytes(20);
        tree.Put("attributes", node);
        tree.Put("hard", node);
        tree.Put("null", new FileNode(FileKind.CharacterDevice, 0) { DeviceMajor = 1, DeviceMinor = 3 });
        return ErofsWriter.Layout(tree, ErofsTestTrees.Options).ToArray();
    }

    internal static byte[] WithChecksum(byte[] image)
    {
        image.AsSpan(1028, 4).Clear();
        BitConverter.TryWriteBytes(image.AsSpan(1028), ErofsFormat.Checksum(image.AsSpan(1024, 3072)));
        return image;
    }

    private static void ReadLeniently(byte[] image)
    {
        try
        {
            ReadAll(image);
        }
        catch (MalformedInputException)
        {
        }
    }

    private static void ReadAll(byte[] image)
    {
        FileTree tree = ErofsReader.Open(ByteSource.FromMemory(image)).ReadTree();
        byte[] buffer = new byte[64];
        foreach ((string _, FileNode node) in tree.Walk())
        {
            node.Content.ReadExactly(0, buffer.AsSpan(0, (int)Math.Min(node.Content.Length, buffer.Length)));
        }
    }
}
