using CsCheck;
using Mantle.Formats.Erofs.Compression;

namespace Mantle.Formats.Tests.Erofs.Compression;

/// <summary>Blocks written by hand after lz4's doc/lz4_Block_format.md. What compressors write is tested through the images of mkfs.erofs.</summary>
public class Lz4BlockTests
{
    [Theory]
    [InlineData("30 616263", "616263")] // literals only
    [InlineData("00", "")]
    [InlineData("31 616263 0300 20 7879", "616263 6162636162 7879")] // a match that runs into itself
    [InlineData("10 61 0100 50 6263646566", "61 61616161 6263646566")] // distance 1
    [InlineData("14 61 0100 10 62", "61 6161616161616161 62")]
    [InlineData("F000 303132333435363738393A3B3C3D3E", "303132333435363738393A3B3C3D3E")] // a length of exactly 15
    [InlineData("1F 61 0100 02 10 62", "61 616161616161616161616161616161616161616161 62")] // a match of 15 + 2 + 4
    public void A_block_becomes_what_the_format_says(string block, string expected)
    {
        byte[] bytes = Hex(expected);
        byte[] output = new byte[bytes.Length];
        Assert.True(Lz4Block.TryDecode(Hex(block), output, isPartial: false));
        Assert.Equal(bytes, output);
        for (int length = 0; length < bytes.Length; length++)
        {
            byte[] part = new byte[length];
            Assert.False(Lz4Block.TryDecode(Hex(block), part, isPartial: false));
            Assert.True(length == 0 || Lz4Block.TryDecode(Hex(block), part, isPartial: true));
            Assert.Equal(bytes[..length], part);
        }

        Assert.False(Lz4Block.TryDecode(Hex(block), new byte[bytes.Length + 1], isPartial: false));
        Assert.False(Lz4Block.TryDecode(Hex(block), new byte[bytes.Length + 1], isPartial: true));
    }

    [Theory]
    [InlineData("")]
    [InlineData("30 6162")] // fewer literals than said
    [InlineData("F0")] // no length
    [InlineData("F0 FF")]
    [InlineData("10 61 0000 10 62")] // distance 0
    [InlineData("10 61 0200 10 62")] // before the start
    [InlineData("00 0100 10 62")]
    [InlineData("10 61 01")]
    [InlineData("1F 61 0100 FF")]
    [InlineData("10 61 0100")] // no last literals
    public void A_damaged_block_is_refused(string block)
    {
        Assert.False(Lz4Block.TryDecode(Hex(block), new byte[100], isPartial: false));
        Assert.False(Lz4Block.TryDecode(Hex(block), new byte[100], isPartial: true));
    }

    [Fact]
    public void Any_bytes_are_a_block_or_refused() =>
        Gen.Select(Gen.Byte.Array[0, 60], Gen.Int[0, 2000], Gen.Bool).Sample(
            (block, length, isPartial) =>
            {
                Lz4Block.TryDecode(block, new byte[length], isPartial);
            },
            iter: 100_000);

    private static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal));
}
