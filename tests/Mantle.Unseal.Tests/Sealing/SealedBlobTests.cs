extern alias unseal;

using System.Security.Cryptography;
using Mantle.Unseal.Sealing;
using Malformed = unseal::Mantle.Formats.Bytes.MalformedInputException;

namespace Mantle.Unseal.Tests.Sealing;

public sealed class SealedBlobTests
{
    private static readonly byte[] s_dataKey = RandomNumberGenerator.GetBytes(32);
    private static readonly byte[] s_key = Sealer.Key(new byte[100]);
    private static readonly byte[] s_content = Sealer.Content(new byte[100], s_dataKey, "content"u8.ToArray());

    [Fact]
    public void Content_is_what_was_sealed()
    {
        using SecretBytes key = Secret(s_dataKey), secret = SealedBlob.Read(s_content, allowsPadding: false).Open(key);
        Assert.Equal("content"u8, secret.Span);
    }

    [Fact]
    public void A_key_is_the_secret_itself()
    {
        using SecretBytes key = Secret([1, 2, 3]), secret = SealedBlob.Read(s_key, allowsPadding: true).Open(key);
        Assert.Equal([1, 2, 3], secret.Span.ToArray());
    }

    [Fact]
    public void A_blob_cut_anywhere_is_malformed()
    {
        foreach (byte[] blob in (byte[][])[s_key, s_content])
        {
            for (int length = 0; length < blob.Length; length++)
            {
                Assert.Throws<Malformed>(() => SealedBlob.Read(blob.AsMemory(0, length), allowsPadding: true));
            }
        }
    }

    [Fact]
    public void Every_changed_bit_is_found()
    {
        using SecretBytes key = Secret(s_dataKey);
        for (int bit = 0; bit < 8 * s_content.Length; bit++)
        {
            byte[] changed = [.. s_content];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                SealedBlob blob = SealedBlob.Read(changed, allowsPadding: false);
                UnsealException refused = Assert.Throws<UnsealException>(() => blob.Open(key));
                Assert.Equal(Stage.SealedBlob, refused.Stage);
            }
            catch (Malformed)
            {
            }
        }
    }

    [Fact]
    public void Zeros_may_follow_in_a_partition_and_nothing_in_a_file()
    {
        byte[] padded = [.. s_key, .. new byte[1000]];
        SealedBlob.Read(padded, allowsPadding: true);
        Assert.Throws<Malformed>(() => SealedBlob.Read(padded, allowsPadding: false));
        padded[^1] = 1;
        Assert.Throws<Malformed>(() => SealedBlob.Read(padded, allowsPadding: true));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(SealedBlob.MaximumKey + 1)]
    public void An_encrypted_key_that_kms_would_not_take_is_malformed(int length) =>
        Assert.Throws<Malformed>(() => SealedBlob.Read(Sealer.Key(new byte[length]), allowsPadding: false));

    private static SecretBytes Secret(byte[] bytes)
    {
        SecretBytes secret = new(bytes.Length);
        bytes.CopyTo(secret.Span);
        return secret;
    }
}
