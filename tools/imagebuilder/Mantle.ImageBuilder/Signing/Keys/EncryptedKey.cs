using System.Security.Cryptography;
using System.Text;
using Mantle.Measure;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Pkcs;

namespace Mantle.ImageBuilder.Signing.Keys;

/// <summary>EncryptedPrivateKeyInfo (RFC 5958, 3). What kind of key is inside shows only after decryption.</summary>
internal static class EncryptedKey
{
    /// <summary>As OWASP advises for PBKDF2 with SHA-256.</summary>
    private const int Iterations = 600_000;

    public static ISigner Open(string path, byte[] der, IReadOnlyList<ReadOnlyMemory<byte>> certificates, IPassphrases passphrases)
    {
        char[] passphrase = passphrases.Ask(path);
        byte[] bytes = Encoding.UTF8.GetBytes(passphrase);
        try
        {
            return TryImport(RSA.Create, key => key.ImportEncryptedPkcs8PrivateKey(bytes, der, out _)) is { } rsa ? LocalSigner.Of(path, rsa, certificates)
                : TryImport(ECDsa.Create, key => key.ImportEncryptedPkcs8PrivateKey(bytes, der, out _)) is { } curve ? LocalSigner.Of(path, curve, certificates)
                : Decrypt(path, bytes, der, certificates);
        }
        finally
        {
            Array.Clear(passphrase);
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>A key as encrypted PEM: PBES2 with AES-256 in CBC and PBKDF2 with HMAC-SHA-256.</summary>
    public static string Write(AsymmetricAlgorithm key, ReadOnlySpan<char> passphrase) =>
        key.ExportEncryptedPkcs8PrivateKeyPem(passphrase, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, Iterations)) + "\n";

    private static T? TryImport<T>(Func<T> create, Action<T> import)
        where T : AsymmetricAlgorithm
    {
        T key = create();
        try
        {
            import(key);
            return key;
        }
        catch (CryptographicException)
        {
            key.Dispose();
            return null;
        }
    }

    /// <summary>What .NET has no class for: Ed25519, and other ways of encryption such as scrypt.</summary>
    private static ISigner Decrypt(string path, byte[] utf8, byte[] der, IReadOnlyList<ReadOnlyMemory<byte>> certificates)
    {
        // The library takes the low byte of each char; so it gets the bytes that OpenSSL uses, one a char.
        char[] passphrase = Array.ConvertAll(utf8, value => (char)value);
        byte[] key = [];
        try
        {
            key = PrivateKeyInfoFactory.CreatePrivateKeyInfo(passphrase, EncryptedPrivateKeyInfo.GetInstance(der)).GetEncoded();
            return KeyFile.ImportPkcs8(path, key, certificates);
        }
        catch (Exception problem) when (problem is CryptoException or CryptographicException or ArgumentException or IOException or InvalidOperationException
            or Org.BouncyCastle.Security.GeneralSecurityException)
        {
            // The reasons that libraries give speak of padding; none is a fact about the key.
            throw new UserErrorException($"\"{path}\" cannot be decrypted", "is the passphrase right?", ExitCode.Remote);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
            Array.Clear(passphrase);
        }
    }
}
