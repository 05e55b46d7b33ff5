using System.Buffers.Binary;
using System.Security.Cryptography;
using Mantle.Measure;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Utilities;
using Org.BouncyCastle.Pkcs;

namespace Mantle.ImageBuilder.Signing.Keys;

/// <summary>
/// A private key as ssh-keygen writes it (OpenSSH, PROTOCOL.key), in clear. The library reads it; encrypted ones it does not, for OpenSSH derives their key by
/// a function of its own (bcrypt_pbkdf), so such a key has to be converted first. ssh-keygen writes keys of RSA and ECDSA as encrypted PKCS#8 too; for Ed25519 it
/// has no form but its own, so the passphrase of a copy has to go.
/// </summary>
internal static class OpenSshKey
{
    private const string ConvertHint = "convert a copy, which keeps its passphrase: \"cp KEY COPY && ssh-keygen -p -m PKCS8 -f COPY\"";
    private const string ClearHint = "take the passphrase off a copy that is in memory, and remove it afterwards: \"cp KEY /dev/shm/COPY && ssh-keygen -p -N '' -f /dev/shm/COPY\"";

    /// <summary>Opens the key.</summary>
    /// <param name="path">Where it is from, for messages.</param>
    /// <param name="content">The content of the PEM armour.</param>
    /// <exception cref="UserErrorException">It is encrypted or of a kind that does not sign here.</exception>
    public static ISigner Open(string path, byte[] content)
    {
        if (IsEncrypted(content))
        {
            throw new UserErrorException($"\"{path}\" is an OpenSSH key with a passphrase, which is not understood", IsConvertible(content) ? ConvertHint : ClearHint);
        }

        byte[] key = [];
        try
        {
            AsymmetricKeyParameter read = OpenSshPrivateKeyUtilities.ParsePrivateKeyBlob(content);
            if (read is Ed25519PrivateKeyParameters edwards)
            {
                return LocalSigner.OfEd25519(path, edwards.GetEncoded());
            }

            key = PrivateKeyInfoFactory.CreatePrivateKeyInfo(read).GetEncoded();
            return KeyFile.ImportPkcs8(path, key, []);
        }
        catch (Exception problem) when (problem is ArgumentException or InvalidOperationException or IOException or CryptoException or InvalidCastException or OverflowException or IndexOutOfRangeException or FormatException)
        {
            throw new UserErrorException($"\"{path}\" holds an OpenSSH key that cannot be read", "RSA, ECDSA on P-256 or P-384, and Ed25519 can", cause: null);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Behind the magic and its NUL comes the cipher's name, "none" for a key in clear.</summary>
    private static bool IsEncrypted(ReadOnlySpan<byte> content) => content.StartsWith(Magic) && !content[Magic.Length..].StartsWith("\0\0\0\u0004none"u8);

    /// <summary>Behind cipher, key derivation and its options, the number of keys and the public key, which begins with its type, are in clear.</summary>
    private static bool IsConvertible(ReadOnlySpan<byte> content)
    {
        content = content[Magic.Length..];
        for (int field = 0; field < 3; field++)
        {
            content = content[Math.Min(sizeof(int) + Text(content).Length, content.Length)..];
        }

        ReadOnlySpan<byte> type = Text(Text(content.Length > sizeof(int) ? content[sizeof(int)..] : []));
        return type.SequenceEqual("ssh-rsa"u8) || type.StartsWith("ecdsa-sha2-"u8);
    }

    /// <summary>A string (RFC 4251, 5): its length in four bytes and then it; what is missing is left out.</summary>
    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> content) => content.Length < sizeof(int) ? []
        : content.Slice(sizeof(int), (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(content), (uint)(content.Length - sizeof(int))));

    private static ReadOnlySpan<byte> Magic => "openssh-key-v1\0"u8;
}
