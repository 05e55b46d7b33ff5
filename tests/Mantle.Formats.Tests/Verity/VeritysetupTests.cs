using Mantle.Formats.Bytes;
using Mantle.Formats.Verity;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Verity;

public class VeritysetupTests
{
    private const string Uuid = "00112233-4455-6677-8899-aabbccddeeff";

    [Theory]
    [InlineData(1, 32)]
    [InlineData(2, 32)]
    [InlineData(127, 32)]
    [InlineData(128, 32)]
    [InlineData(129, 32)]
    [InlineData(129, 256)]
    [InlineData(129, 7)]
    [InlineData(129, 0)]
    [InlineData((128 * 128) - 1, 32)]
    [InlineData(128 * 128, 32)]
    [InlineData((128 * 128) + 1, 32)]
    public void The_hash_device_is_byte_for_byte_that_of_veritysetup(int blocks, int saltLength)
    {
        using TemporaryFolder folder = new();
        byte[] data = VerityTests.Data(blocks);
        File.WriteAllBytes(folder["data"], data);
        byte[] salt = VerityTests.Data(1)[..saltLength];
        string output = Oracle.Succeed(
            "veritysetup", "format", folder["data"], folder["hash"], $"--uuid={Uuid}", $"--salt={(saltLength == 0 ? "-" : Convert.ToHexStringLower(salt))}");

        VerityTree tree = VerityTree.Build(ByteSource.FromMemory(data), salt, new Guid(Uuid), workers: 2);

        Assert.Contains($"Root hash:      \t{Convert.ToHexStringLower(tree.RootHash.Span)}", output, StringComparison.Ordinal);
        byte[] theirs = File.ReadAllBytes(folder["hash"]);
        byte[] ours = tree.HashArea.ToArray();
        Assert.Equal(Convert.ToHexString(theirs), Convert.ToHexString(ours));
        VeritySuperblock superblock = VeritySuperblock.Read(ByteSource.FromMemory(theirs));
        Assert.Equal((blocks, new Guid(Uuid)), (superblock.DataBlocks, superblock.Uuid));
        Assert.Equal(salt, superblock.Salt.ToArray());
        File.WriteAllBytes(folder["ours"], ours);
        Oracle.Succeed("veritysetup", "verify", folder["data"], folder["ours"], Convert.ToHexStringLower(tree.RootHash.Span));
    }

    [Fact]
    public void Veritysetup_and_we_refuse_the_same_flipped_bit()
    {
        using TemporaryFolder folder = new();
        byte[] data = VerityTests.Data(300);
        VerityTree tree = VerityTree.Build(ByteSource.FromMemory(data), new byte[32], new Guid(Uuid), workers: 1);
        data[(200 * 4096) + 17] ^= 4;
        File.WriteAllBytes(folder["data"], data);
        File.WriteAllBytes(folder["hash"], tree.HashArea.ToArray());

        Assert.NotEqual(0, Oracle.Run("veritysetup", ["verify", folder["data"], folder["hash"], Convert.ToHexStringLower(tree.RootHash.Span)]).ExitCode);
        Assert.Equal(
            [new VerityCorruption(null, 200)],
            VerityVerifier.Verify(ByteSource.FromMemory(data), tree.HashArea, tree.RootHash.Span).Corruptions);
    }
}
