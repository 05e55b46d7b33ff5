using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Mantle.Unseal.Tests.Sealing;

/// <summary>Writes sealed blobs.</summary>
internal static class Sealer
{
    public static byte[] Key(byte[] encryptedKey) => [.. Head(encryptedKey), 0];

    public static byte[] Content(byte[] encryptedKey, byte[] dataKey, byte[] content)
    {
        byte[] head = [.. Head(encryptedKey), 1];
        byte[] nonce = RandomNumberGenerator.GetBytes(12), ciphertext = new byte[content.Length], tag = new byte[16];
        using AesGcm cipher = new(dataKey, 16);
        cipher.Encrypt(nonce, content, ciphertext, tag, head);
        return [.. head, .. nonce, .. Number(content.Length), .. ciphertext, .. tag];
    }

    private static byte[] Head(byte[] encryptedKey) => [.. "MANTLESK"u8, 0, 0, 0, 1, .. Number(encryptedKey.Length), .. encryptedKey];

    private static byte[] Number(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
