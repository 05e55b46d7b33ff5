using System.Buffers.Binary;
using Mantle.Formats.Bytes;
using Mantle.Init.Verity;
using Mantle.Testing;

namespace Mantle.Init.Tests.Verity;

public sealed class VeritySuperblockTests
{
    private const string Root = "00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210";

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 32)]
    [InlineData(128, 32)]
    [InlineData(129, 64)]
    [InlineData(20000, 16)]
    public void What_veritysetup_writes_is_read(int blocks, int saltLength)
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["data"], new byte[blocks * 4096]);
        string salt = saltLength == 0 ? "-" : new string('5', saltLength * 2);
        Oracle.Succeed("veritysetup", "format", "--salt", salt, folder["data"], folder["hash"]);
        byte[] hash = File.ReadAllBytes(folder["hash"]);
        VeritySuperblock superblock = VeritySuperblock.Read(hash.AsSpan(0, 512));
        Assert.Equal((ulong)blocks, superblock.DataBlocks);
        Assert.Equal(salt.Replace("-", "", StringComparison.Ordinal), Convert.ToHexStringLower(superblock.Salt.Span));
        Assert.Equal((ulong)hash.Length / 4096, Math.Max(superblock.HashPartitionBlocks, 1));
    }

    [Fact]
    public void The_table_is_as_the_kernels_documentation_has_it() // Documentation/admin-guide/device-mapper/verity.rst
    {
        VeritySuperblock superblock = VeritySuperblock.Read(Superblock());
        Assert.Equal(
            $"1 259:1 259:2 4096 4096 1000 1 sha256 {Root} 0102 2 panic_on_corruption panic_on_error",
            superblock.TableParameters("259:1", "259:2", RootHash.Parse(Root)));
        Assert.Contains(
            $"{Root} - 2", (superblock with { Salt = default }).TableParameters("1:1", "1:2", RootHash.Parse(Root)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "signature is missing")]
    [InlineData(8, "version is not 1")]
    [InlineData(12, "hash type is not 1")]
    [InlineData(32, "hash algorithm is not sha256")]
    [InlineData(64, "data blocks are not of 4096 bytes")]
    [InlineData(68, "hash blocks are not of 4096 bytes")]
    [InlineData(79, "number of data blocks is impossible")]
    [InlineData(81, "salt is longer than 64 bytes")]
    [InlineData(83, "padding is not zero")]
    [InlineData(90, "padding is not zero")]
    [InlineData(511, "padding is not zero")]
    public void Another_shape_is_refused(int offset, string problem)
    {
        byte[] bytes = Superblock();
        bytes[offset] ^= 0x80;
        Assert.Equal(problem, Assert.Throws<MalformedInputException>(() => VeritySuperblock.Read(bytes)).Problem);
    }

    [Theory]
    [InlineData(4096 * 1000, 4096 * 10, true)] // 1 superblock, 8 hash blocks, 1 top block
    [InlineData(4096 * 999, 4096 * 10, false)]
    [InlineData(4096 * 1000, (4096 * 10) - 1, false)]
    public void Partitions_have_to_hold_the_tree(long data, long hash, bool fits)
    {
        VeritySuperblock superblock = VeritySuperblock.Read(Superblock());
        Assert.Equal(10u, superblock.HashPartitionBlocks);
        Exception? problem = Record.Exception(() => superblock.RequireFits(data, hash));
        Assert.Equal(fits, problem is null);
        Assert.True(problem is null or MalformedInputException);
    }

    [Fact]
    public void No_disk_breaks_it() => Hostile.Attack(Superblock(), bytes =>
    {
        VeritySuperblock superblock = VeritySuperblock.Read(bytes);
        Assert.True(superblock.HashPartitionBlocks >= 1);
        Assert.True(superblock.TableParameters("259:1", "259:2", RootHash.Parse(Root)).Length < 512);
    });

    [Fact]
    public void The_root_hash_names_both_partitions_in_textual_order()
    {
        RootHash hash = RootHash.Parse(Root);
        Assert.Equal("00112233-4455-6677-8899-aabbccddeeff", hash.DataPartition.ToString());
        Assert.Equal("01234567-89ab-cdef-fedc-ba9876543210", hash.HashPartition.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("0X112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210")]
    [InlineData("00112233445566778899AABBCCDDEEFF0123456789abcdeffedcba9876543210")]
    public void Only_64_lower_case_digits_are_a_root_hash(string text) =>
        Assert.Throws<InvalidDataException>(() => RootHash.Parse(text));

    private static byte[] Superblock()
    {
        byte[] bytes = new byte[512];
        "verity\0\0"u8.CopyTo(bytes);
        bytes[8] = 1;
        bytes[12] = 1;
        "sha256"u8.CopyTo(bytes.AsSpan(32));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(64), 4096);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(68), 4096);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(72), 1000);
        bytes[80] = 2;
        bytes[88] = 1;
        bytes[89] = 2;
        return bytes;
    }
}
