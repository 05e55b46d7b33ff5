using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Pe;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tests.Pe.Uki;

namespace Mantle.Formats.Tests.Pe;

/// <summary>Whatever the bytes are, the readers answer with an image or with their one exception.</summary>
public class PeFuzzTests
{
    private static readonly byte[] s_uki = UkiTests.Write(UkiTests.Payload()).ToArray();

    [Fact]
    public void Every_truncation_is_answered()
    {
        for (int length = 0; length < s_uki.Length; length++)
        {
            TryRead(s_uki[..length]);
            Assert.Throws<MalformedInputException>(() => UkiReader.Read(ByteSource.FromMemory(s_uki.AsMemory(0, length))));
        }
    }

    [Fact]
    public void Every_flipped_bit_of_the_headers_is_answered()
    {
        for (int bit = 0; bit < 0x600 * 8; bit++)
        {
            byte[] bytes = [.. s_uki];
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            TryRead(bytes);
        }
    }

    [Fact]
    public void Overwritten_words_are_answered() =>
        Gen.Select(Gen.Int[0, 0x5fc], Gen.OneOf(Gen.Int, Gen.Int[0, 0x8000], Gen.Const(-1))).Array[1, 6].Sample(
            changes =>
            {
                byte[] bytes = [.. s_uki];
                foreach ((int at, int value) in changes)
                {
                    SyntheticPe.Put32(bytes, at & ~3, value);
                }

                TryRead(bytes);
            },
            iter: 20_000);

    [Fact]
    public void Random_bytes_are_answered() => Gen.Byte.Array[0, 2000].Sample(TryRead, iter: 5_000);

    private static void TryRead(byte[] bytes)
    {
        ByteSource source = ByteSource.FromMemory(bytes);
        try
        {
            PeImage image = PeImage.Read(source);
            Assert.InRange(AuthenticodeDigest.HashedContent(image).Length, 0, 2L * bytes.Length);
            UkiImage uki = UkiReader.Read(source);
            Assert.NotEmpty(uki.Sections);
        }
        catch (MalformedInputException)
        {
            // The one exception that a reader has for bad bytes.
        }
    }
}
