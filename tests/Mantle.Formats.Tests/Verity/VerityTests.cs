using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Verity;

namespace Mantle.Formats.Tests.Verity;

public class VerityTests
{
    private static readonly byte[] s_salt = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private static readonly Guid s_uuid = new("00112233-4455-6677-8899-aabbccddeeff");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(128)]
    [InlineData(129)]
    public void What_was_built_verifies(int blocks)
    {
        byte[] data = Data(blocks);
        VerityTree tree = Build(data);

        VerityVerification result = VerityVerifier.Verify(ByteSource.FromMemory(data), tree.HashArea, tree.RootHash.Span, workers: 2);

        Assert.True(result.IsIntact);
        Assert.Equal(s_uuid, result.Superblock.Uuid);
        Assert.Equal(blocks, result.Superblock.DataBlocks);
        Assert.Equal(s_salt, result.Superblock.Salt.ToArray());
    }

    [Fact]
    public void Blocks_in_any_order_and_grouping_give_the_same_tree() =>
        Gen.Int[1, 300].Select(Gen.Int[1, 40], Gen.Bool).Sample(
            (blocks, group, isReversed) =>
            {
                byte[] data = Data(blocks);
                VerityTreeBuilder builder = new(blocks, s_salt);
                IEnumerable<int> starts = Enumerable.Range(0, ((blocks - 1) / group) + 1).Select(i => i * group);
                Parallel.ForEach(isReversed ? starts.Reverse() : starts, start =>
                    builder.AddBlocks(start, data.AsSpan(start * 4096, Math.Min(group, blocks - start) * 4096)));
                VerityTree tree = builder.Finish(s_uuid);
                VerityTree expected = Build(data);
                Assert.Equal(expected.RootHash.ToArray(), tree.RootHash.ToArray());
                Assert.Equal(expected.HashArea.ToArray(), tree.HashArea.ToArray());
            },
            iter: 30);

    [Fact]
    public void A_flipped_bit_anywhere_in_the_data_is_found_in_its_block() =>
        Gen.Int[0, (140 * 4096 * 8) - 1].Sample(
            bit =>
            {
                byte[] data = Data(140);
                VerityTree tree = Build(data);
                data[bit / 8] ^= (byte)(1 << (bit % 8));
                VerityVerification result = VerityVerifier.Verify(ByteSource.FromMemory(data), tree.HashArea, tree.RootHash.Span);
                Assert.Equal([new VerityCorruption(null, bit / 8 / 4096)], result.Corruptions);
            },
            iter: 20);

    [Fact]
    public void A_flipped_bit_anywhere_in_the_tree_is_found_in_its_block() =>
        Gen.Int[4096, (4096 * 4) - 1].Sample(
            offset =>
            {
                byte[] data = Data(140);
                VerityTree tree = Build(data);
                byte[] hashArea = tree.HashArea.ToArray();
                Assert.Equal(4096 * 4, hashArea.Length);
                hashArea[offset] ^= 1;
                VerityVerification result = VerityVerifier.Verify(ByteSource.FromMemory(data), ByteSource.FromMemory(hashArea), tree.RootHash.Span);
                Assert.False(result.IsIntact);
                VerityCorruption expected = offset < 8192 ? new(1, 0) : new(0, (offset - 8192) / 4096);
                Assert.Equal(expected, result.Corruptions[0]);
            },
            iter: 50);

    [Fact]
    public void Another_root_hash_is_a_corrupted_top()
    {
        byte[] data = Data(3);
        VerityVerification result = VerityVerifier.Verify(ByteSource.FromMemory(data), Build(data).HashArea, new byte[32]);

        Assert.Equal([new VerityCorruption(0, 0)], result.Corruptions);
        Assert.Equal("hash level 0 block 0", result.Corruptions[0].ToString());
    }

    [Fact]
    public void A_forgotten_block_is_noticed()
    {
        VerityTreeBuilder builder = new(3, s_salt);
        builder.AddBlocks(0, Data(1));
        builder.AddBlocks(2, Data(1));

        Assert.Equal("data block 1 was not added", Assert.Throws<InvalidOperationException>(() => builder.Finish(s_uuid)).Message);
    }

    [Fact]
    public void Blocks_outside_and_parts_of_blocks_are_refused()
    {
        VerityTreeBuilder builder = new(3, s_salt);

        Assert.Throws<ArgumentOutOfRangeException>(() => builder.AddBlocks(3, Data(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.AddBlocks(-1, Data(1)));
        Assert.Throws<ArgumentException>(() => builder.AddBlocks(0, new byte[4095]));
        Assert.Throws<ArgumentException>(() => VerityTree.Build(ByteSource.Zeros(4097), s_salt, s_uuid, 1));
        Assert.Throws<ArgumentException>(() => VerityTree.Build(ByteSource.Empty, s_salt, s_uuid, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new VerityTreeBuilder(1, new byte[257]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new VerityTreeBuilder(0, s_salt));
    }

    [Fact]
    public void An_exception_of_the_source_comes_through_as_it_is() =>
        Assert.Throws<IOException>(() => VerityTree.Build(new FailingSource(), s_salt, s_uuid, 2));

    [Fact]
    public void Truncation_at_any_offset_is_malformed_input()
    {
        byte[] data = Data(140);
        VerityTree tree = Build(data);
        byte[] hashArea = tree.HashArea.ToArray();
        for (int length = 0; length < hashArea.Length; length += length < 520 ? 1 : 61)
        {
            Assert.Throws<MalformedInputException>(() =>
                VerityVerifier.Verify(ByteSource.FromMemory(data), ByteSource.FromMemory(hashArea.AsMemory(0, length)), tree.RootHash.Span));
        }

        Assert.Throws<MalformedInputException>(() =>
            VerityVerifier.Verify(ByteSource.FromMemory(data.AsMemory(0, 139 * 4096)), tree.HashArea, tree.RootHash.Span));
    }

    [Fact]
    public void Damaged_superblocks_are_malformed_input_or_verify_to_a_result() =>
        Gen.Select(Gen.Int[0, 511], Gen.Byte).Array[1, 6].Sample(
            changes =>
            {
                byte[] data = Data(2);
                VerityTree tree = Build(data);
                byte[] hashArea = tree.HashArea.ToArray();
                foreach ((int offset, byte value) in changes)
                {
                    hashArea[offset] = value;
                }

                try
                {
                    VerityVerifier.Verify(ByteSource.FromMemory(data), ByteSource.FromMemory(hashArea), tree.RootHash.Span);
                }
                catch (MalformedInputException)
                {
                }
            },
            iter: 5000);

    [Theory]
    [InlineData(0, "signature is not \"verity\"")]
    [InlineData(8, "superblock version is")]
    [InlineData(12, "hash type is")]
    [InlineData(35, "hash algorithm is")]
    [InlineData(60, "hash algorithm is")]
    [InlineData(65, "data block size is")]
    [InlineData(69, "hash block size is")]
    [InlineData(79, "data block count")]
    [InlineData(81, "salt of")]
    [InlineData(82, "padding is not zero at offset 0x52")]
    [InlineData(120, "padding is not zero at offset 0x78")]
    [InlineData(511, "padding is not zero at offset 0x1ff")]
    public void Each_field_of_a_superblock_is_checked(int offset, string problem)
    {
        byte[] hashArea = Build(Data(1)).HashArea.ToArray();
        hashArea[offset] ^= 0x80;

        Assert.Contains(
            problem,
            Assert.Throws<MalformedInputException>(() => VeritySuperblock.Read(ByteSource.FromMemory(hashArea))).Message,
            StringComparison.Ordinal);
    }

    internal static byte[] Data(int blocks)
    {
        byte[] data = new byte[blocks * 4096];
        new Random(blocks).NextBytes(data);
        return data;
    }

    private static VerityTree Build(byte[] data) => VerityTree.Build(ByteSource.FromMemory(data), s_salt, s_uuid, workers: 2);

    private sealed class FailingSource : ByteSource
    {
        public override long Length => 4096 * 1000;

        protected internal override void ReadCore(long offset, Span<byte> destination) => throw new IOException("unplugged");
    }
}
