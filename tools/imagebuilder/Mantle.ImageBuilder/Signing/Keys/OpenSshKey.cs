using System.Security.Cryptography;
using Mantle.Measure;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Utilities;
using Org.BouncyCastle.Pkcs;

namespace Mantle.ImageBuilder.Signing.Keys;

/// <summary>
/// A private key as ssh-keygen writes it (OpenSSH, PROTOCOL.key), in clear. The library reads it; encrypted ones it does not, for OpenSSH derives their key by
/// a function of its own (bcrypt_pbkdf), so such a key has to be converted first.
/// </summary>
internal static class OpenSshKey
{
    private const string Hint = "write a copy without passphrase to memory and convert it: \"ssh-keygen -p -m PKCS8 -f COPY\"";

    /// <summary>Opens the key.</summary>
    /// <param name="path">Where it is from, for messages.</param>
    /// <param name="content">The content of the PEM armour.</param>
    /// <exception cref="UserErrorException">It is encrypted or of a kind that does not sign here.</exception>
    public static ISigner Open(string path, byte[] content)
    {
        if (IsEncrypted(content))
        {
            throw new UserErrorException($"\"{path}\" is an OpenSSH key with a passphrase, which is not understood", Hint);
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
        catch (Exception problem) when (problem is ArgumentException or InvalidOperationException or IOException or CryptoException or InvalidCastException or OverflowException)
        {
            throw new UserErrorException($"\"{path}\" holds an OpenSSH key that cannot be read", "RSA, ECDSA on P-256 or P-384, and Ed25519 can", cause: null);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Behind the magic and its NUL comes the cipher's name, "none" for a key in clear.</summary>
    private static bool IsEncrypted(ReadOnlySpan<byte> content) =>
        content.StartsWith("openssh-key-v1\0"u8) && !content["openssh-key-v1\0"u8.Length..].StartsWith("\0\0\0\u0004none"u8);
}
