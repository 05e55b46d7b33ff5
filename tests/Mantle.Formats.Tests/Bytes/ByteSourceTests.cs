using CsCheck;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Tests.Bytes;

public class ByteSourceTests
{
    [Fact]
    public void A_composed_source_shows_its_extents_and_zeros_between_them()
    {
        ByteSource source = ByteSource.Compose(
            10,
            [new(7, ByteSource.FromMemory(new byte[] { 3, 4 })), new(1, ByteSource.FromMemory(new byte[] { 1, 2 }))]);

        Assert.Equal([0, 1, 2, 0, 0, 0, 0, 3, 4, 0], source.ToArray());
    }

    [Fact]
    public void Any_range_of_a_composed_source_equals_the_range_of_the_whole() =>
        Gen.Int[1, 8].Array[0, 8].Select(Gen.Int[0, 100], Gen.Int[0, 100]).Sample((lengths, a, b) =>
        {
            List<ByteSource.Extent> extents = [];
            long end = 0;
            foreach (int length in lengths)
            {
                end += length % 3;
                extents.Add(new(end, ByteSource.FromMemory(Enumerable.Range(1, length).Select(x => (byte)x).ToArray())));
                end += length;
            }

            ByteSource source = ByteSource.Compose(end + 2, extents);
            byte[] whole = source.ToArray();
            int offset = a % whole.Length;
            int count = b % (whole.Length - offset + 1);
            byte[] part = new byte[count];
            source.ReadExactly(offset, part);
            Assert.Equal(whole.AsSpan(offset, count).ToArray(), part);
            Assert.Equal(part, source.Slice(offset, count).ToArray());
        });

    [Fact]
    public void Overlapping_extents_are_refused() =>
        Assert.Throws<ArgumentException>(() => ByteSource.Compose(4, [new(0, ByteSource.FromMemory(new byte[3])), new(2, ByteSource.FromMemory(new byte[1]))]));

    [Fact]
    public void A_read_outside_is_malformed_input_with_the_format_named() =>
        Assert.Equal("xyz: needs 4 bytes but the input has 2 at offset 0x1", Assert.Throws<MalformedInputException>(() => ByteSource.FromMemory(new byte[2]).ReadBytes(1, 4, "xyz")).Message);

    [Fact]
    public void Any_bytes_survive_as_linux_text() =>
        Gen.Byte.Array.Sample(bytes => Assert.Equal(bytes, LinuxText.Encode(LinuxText.Decode(bytes))));

    [Fact]
    public void Linux_text_is_ordered_by_bytes() =>
        Gen.Byte.Array.Select(Gen.Byte.Array).Sample((a, b) =>
            Assert.Equal(Math.Sign(a.AsSpan().SequenceCompareTo(b)), Math.Sign(LinuxText.Compare(LinuxText.Decode(a), LinuxText.Decode(b)))));
}
