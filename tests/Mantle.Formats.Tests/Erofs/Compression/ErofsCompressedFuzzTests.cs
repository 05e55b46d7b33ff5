using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs;
using Mantle.Formats.Tree;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Erofs.Compression;

/// <summary>Damaged images of mkfs.erofs: malformed input or other contents, never another exception, never without end.</summary>
public class ErofsCompressedFuzzTests
{
    // A hostile index may make a small image a large tree; reading all of it is the reader's user's decision, here as elsewhere.
    private const long Enough = 1 << 20;

    [Theory]
    [InlineData("-zlz4")]
    [InlineData("-zlz4hc", "-C65536", "-Eztailpacking")]
    [InlineData("-zlz4", "-Elegacy-compress")]
    public void Flipped_bits_of_a_compressed_image_are_malformed_input_or_other_contents(params string[] arguments) => Fuzz(Oracle.Succeed, arguments);

    [Theory]
    [InlineData("-zlz4hc", "-C65536", "-Efragments")]
    [InlineData("-zlz4", "-Eall-fragments")]
    [InlineData("-zlz4hc", "-Ededupe,fragments")]
    [InlineData("-zdeflate")]
    [InlineData("-zzstd", "-Ededupe")]
    [InlineData("-zlzma")]
    public void Flipped_bits_of_trixies_compressed_images_are_malformed_input_or_other_contents(params string[] arguments) => Fuzz(TrixieErofsUtils.Succeed, arguments);

    private delegate string Tool(string name, params IEnumerable<string> arguments);

    private static void Fuzz(Tool run, string[] arguments)
    {
        byte[] image = Image(run, arguments);
        int[] metadata = Metadata(image);
        for (int length = 0; length < image.Length; length += 509)
        {
            Assert.Throws<MalformedInputException>(() => ReadAll(image[..length]));
        }

        // Half of the flips go where the inodes and indexes are.
        Gen.Select(Gen.Bool, Gen.Int[0, int.MaxValue], Gen.Int[0, 7]).Array[1, 6].Sample(
            flips =>
            {
                byte[] damaged = [.. image];
                foreach ((bool isMetadata, int where, int bit) in flips)
                {
                    int offset = isMetadata ? metadata[where % metadata.Length] : 1028 + (where % (image.Length - 1028));
                    damaged[offset] ^= (byte)(1 << bit);
                }

                try
                {
                    ReadAll(ErofsReaderFuzzTests.WithChecksum(damaged));
                }
                catch (MalformedInputException)
                {
                }
            },
            iter: 2000);
    }

    private static byte[] Image(Tool run, string[] arguments)
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["in"]);
        byte[] text = CompressedTree.Text(60_000, 3);
        File.WriteAllBytes(folder["in/text"], text);
        File.WriteAllBytes(folder["in/again"], [.. text[10_000..40_000], .. ErofsTestTrees.Bytes(6000), .. text[..9000]]);
        File.WriteAllBytes(folder["in/random"], ErofsTestTrees.Bytes(10_000));
        File.WriteAllBytes(folder["in/zeros"], new byte[100_000]);
        File.WriteAllBytes(folder["in/short"], text[..700]);
        run("mkfs.erofs", ["-T1700000000", .. arguments, folder["image"], folder["in"]]);
        return File.ReadAllBytes(folder["image"]);
    }

    private static int[] Metadata(byte[] image)
    {
        Dictionary<FileNode, ErofsInode> inodes = new(ReferenceEqualityComparer.Instance);
        ErofsReader.Open(ByteSource.FromMemory(image)).ReadTree(inodes);
        return [.. inodes.Values.SelectMany(inode => Enumerable.Range((int)inode.Offset, (int)Math.Min(160, image.Length - inode.Offset))).Distinct().Order()];
    }

    private static void ReadAll(byte[] image)
    {
        foreach ((string _, FileNode node) in ErofsReader.Open(ByteSource.FromMemory(image)).ReadTree().Walk())
        {
            byte[] bytes = new byte[Math.Min(node.Content.Length, Enough)];
            node.Content.ReadExactly(0, bytes);
            node.Content.ReadExactly(node.Content.Length - Math.Min(node.Content.Length, 5), bytes.AsSpan(0, Math.Min(bytes.Length, 5)));
        }
    }
}
