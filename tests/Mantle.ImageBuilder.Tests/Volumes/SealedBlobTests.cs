using System.Buffers.Binary;
using System.Security.Cryptography;
using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Volumes;

namespace Mantle.ImageBuilder.Tests.Volumes;

public class SealedBlobTests
{
    private static readonly byte[] s_encryptedKey = [.. Enumerable.Range(1, 200).Select(i => (byte)i)];

    [Fact]
    public void A_volumes_key_is_laid_out_as_documented()
    {
        byte[] blob = SealedBlob.OfKey(s_encryptedKey);
        Assert.Equal([.. "MANTLESK"u8, 0, 0, 0, 1, 0, 0, 0, 200, .. s_encryptedKey, 0], blob);
        SealedBlob read = SealedBlob.Read([.. blob, .. new byte[100]], isPadded: true);
        Assert.Equal((SealedContent.Key, blob.Length), (read.Content, read.Length));
        Assert.Equal(s_encryptedKey, read.EncryptedKey.ToArray());
    }

    [Fact]
    public void A_secret_opens_with_its_data_key_and_everything_before_the_nonce_is_authenticated()
    {
        byte[] key = RandomNumberGenerator.GetBytes(32);
        byte[] secret = [.. "a token"u8];
        byte[] blob = SealedBlob.OfSecret(s_encryptedKey, key, secret);
        Assert.Equal(SealedContent.Aes256Gcm, SealedBlob.Read(blob, isPadded: false).Content);

        int head = 16 + s_encryptedKey.Length + 1;
        Assert.Equal(secret.Length, BinaryPrimitives.ReadInt32BigEndian(blob.AsSpan(head + 12)));
        using AesGcm aes = new(key, 16);
        byte[] opened = new byte[secret.Length];
        aes.Decrypt(blob.AsSpan(head, 12), blob.AsSpan(head + 16, secret.Length), blob.AsSpan(head + 16 + secret.Length), opened, blob.AsSpan(0, head));
        Assert.Equal(secret, opened);
        blob[20] ^= 1;
        Assert.ThrowsAny<CryptographicException>(() => aes.Decrypt(blob.AsSpan(head, 12), blob.AsSpan(head + 16, secret.Length), blob.AsSpan(head + 16 + secret.Length), opened, blob.AsSpan(0, head)));
    }

    [Fact]
    public void Only_a_partition_may_have_zeros_behind_and_nothing_may_have_more()
    {
        byte[] blob = SealedBlob.OfKey(s_encryptedKey);
        Assert.Throws<MalformedInputException>(() => SealedBlob.Read([.. blob, 0], isPadded: false));
        Assert.Throws<MalformedInputException>(() => SealedBlob.Read([.. blob, 0, 1], isPadded: true));
        Assert.Throws<ArgumentOutOfRangeException>(() => SealedBlob.OfKey(new byte[SealedBlob.MaximumCiphertext + 1]));
        Assert.True(SealedBlob.OfKey(new byte[SealedBlob.MaximumCiphertext]).Length <= SealedBlob.PartitionLength);
    }

    [Fact]
    public void No_bytes_break_the_reader()
    {
        byte[] valid = SealedBlob.OfSecret(s_encryptedKey, new byte[32], "secret"u8);
        for (int length = 0; length < valid.Length; length++)
        {
            Assert.Throws<MalformedInputException>(() => SealedBlob.Read(valid.AsSpan(0, length), isPadded: false));
        }

        Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Byte, Gen.Bool).Sample(
            change =>
            {
                byte[] damaged = [.. valid];
                damaged[change.Item1] = change.Item2;
                try
                {
                    SealedBlob.Read(damaged, change.Item3);
                }
                catch (MalformedInputException)
                {
                }
            },
            iter: 5000);
    }
}
