using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mantle.Formats.Bytes;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Signing.Keys;

/// <summary>
/// A private key in a file: PEM (PKCS#8 in clear or encrypted, the older forms of RSA and EC keys, or OpenSSH's own in clear), or PKCS#12 in DER. What is read of it is cleared from
/// memory as soon as it has been taken over.
/// </summary>
internal static class KeyFile
{
    private const int MaximumSize = 1 << 20;
    private const string Hint = "give a key in PEM (PKCS#8) or PKCS#12, for example one that \"openssl genpkey\" has written";

    /// <summary>Opens a key; a passphrase is asked for only if the file is encrypted.</summary>
    /// <exception cref="UserErrorException">It is no key, or the passphrase is wrong.</exception>
    public static ISigner Open(string path, IPassphrases passphrases)
    {
        byte[] bytes = Read(path);
        try
        {
            return bytes.Length > 0 && bytes[0] == 0x30 ? OpenPkcs12(path, bytes, passphrases) : OpenPem(path, bytes, passphrases);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>A pipe will do as well: what decrypts the key then need not write it anywhere.</summary>
    private static byte[] Read(string path)
    {
        byte[] buffer = GC.AllocateArray<byte>(MaximumSize + 1, pinned: true); // not to be copied about by the collector
        int length = 0;
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            for (int count; length < buffer.Length && (count = file.Read(buffer, length, buffer.Length - length)) > 0; length += count)
            {
            }

            if (length > MaximumSize)
            {
                throw new UserErrorException($"\"{path}\" has more than the {MaximumSize:N0} bytes that a key has at most", Hint);
            }

            byte[] bytes = GC.AllocateArray<byte>(length, pinned: true);
            buffer.AsSpan(0, length).CopyTo(bytes);
            return bytes;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer.AsSpan(0, length));
        }
    }

    private static ISigner OpenPem(string path, byte[] bytes, IPassphrases passphrases)
    {
        char[] text = GC.AllocateArray<char>(bytes.Length, pinned: true);
        byte[] key = [];
        try
        {
            for (int i = 0; i < bytes.Length; i++)
            {
                text[i] = (char)bytes[i];
            }

            string label = "";
            List<ReadOnlyMemory<byte>> certificates = [];
            ReadOnlySpan<char> rest = text;
            while (PemEncoding.TryFind(rest, out PemFields fields))
            {
                string found = rest[fields.Label].ToString();
                byte[] content = GC.AllocateArray<byte>(fields.DecodedDataLength, pinned: true);
                Convert.TryFromBase64Chars(rest[fields.Base64Data], content, out _);
                if (found == "CERTIFICATE")
                {
                    certificates.Add(content);
                }
                else if (label.Length == 0 && found.EndsWith("PRIVATE KEY", StringComparison.Ordinal))
                {
                    (label, key) = (found, content);
                }

                rest = rest[fields.Location.End..];
            }

            return Import(path, label, key, certificates, passphrases);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
            Array.Clear(text);
        }
    }

    private static ISigner Import(string path, string label, byte[] key, IReadOnlyList<ReadOnlyMemory<byte>> certificates, IPassphrases passphrases)
    {
        try
        {
            return label switch
            {
                "PRIVATE KEY" => ImportPkcs8(path, key, certificates),
                "ENCRYPTED PRIVATE KEY" => EncryptedKey.Open(path, key, certificates, passphrases),
                "RSA PRIVATE KEY" => Take(path, RSA.Create, certificates, rsa => rsa.ImportRSAPrivateKey(key, out _)),
                "OPENSSH PRIVATE KEY" => OpenSshKey.Open(path, key),
                "EC PRIVATE KEY" => Take(path, ECDsa.Create, certificates, curve => curve.ImportECPrivateKey(key, out _)),
                _ => throw new UserErrorException($"\"{path}\" holds no private key that is understood", Hint),
            };
        }
        catch (Exception problem) when (problem is CryptographicException or AsnContentException)
        {
            throw new UserErrorException($"\"{path}\" holds a private key that cannot be read", "the older PEM encryption is not understood: convert it by \"openssl pkcs8 -topk8\"", cause: null);
        }
    }

    /// <summary>PrivateKeyInfo (RFC 5208, 5; RFC 8410, 7).</summary>
    internal static ISigner ImportPkcs8(string path, byte[] key, IReadOnlyList<ReadOnlyMemory<byte>> certificates)
    {
        AsnReader info = new AsnReader(key, AsnEncodingRules.BER).ReadSequence();
        info.ReadInteger();
        switch (info.ReadSequence().ReadObjectIdentifier())
        {
            case "1.2.840.113549.1.1.1":
                return Take(path, RSA.Create, certificates, rsa => rsa.ImportPkcs8PrivateKey(key, out _));
            case "1.2.840.10045.2.1":
                return Take(path, ECDsa.Create, certificates, curve => curve.ImportPkcs8PrivateKey(key, out _));
            case "1.3.101.112":
                byte[] seed = new AsnReader(info.ReadOctetString(), AsnEncodingRules.BER).ReadOctetString();
                return seed.Length == Org.BouncyCastle.Math.EC.Rfc8032.Ed25519.SecretKeySize
                    ? LocalSigner.OfEd25519(path, seed)
                    : throw new UserErrorException($"\"{path}\" holds an Ed25519 key of {seed.Length} bytes", Hint);
            default:
                throw new UserErrorException($"\"{path}\" holds a key of an algorithm that does not sign here", "RSA, ECDSA on P-256 or P-384, and Ed25519 do");
        }
    }

    private static LocalSigner Take<T>(string path, Func<T> create, IReadOnlyList<ReadOnlyMemory<byte>> certificates, Action<T> import)
        where T : AsymmetricAlgorithm
    {
        T key = create();
        try
        {
            import(key);
            return LocalSigner.Of(path, key, certificates);
        }
        catch (MalformedInputException problem)
        {
            key.Dispose();
            throw new UserErrorException($"\"{path}\" holds a key that does not sign here: {problem.Problem}", "RSA of 2048 bits or more, ECDSA on P-256 or P-384, and Ed25519 do", cause: problem);
        }
        catch (Exception)
        {
            key.Dispose();
            throw;
        }
    }

    private static LocalSigner OpenPkcs12(string path, byte[] bytes, IPassphrases passphrases)
    {
        char[] passphrase = passphrases.Ask(path);
        try
        {
            X509Certificate2Collection loaded = X509CertificateLoader.LoadPkcs12Collection(bytes, passphrase, X509KeyStorageFlags.EphemeralKeySet);
            X509Certificate2[] own = [.. loaded.Where(certificate => certificate.HasPrivateKey)];
            AsymmetricAlgorithm? key = own.Length != 1 ? null : (AsymmetricAlgorithm?)own[0].GetRSAPrivateKey() ?? own[0].GetECDsaPrivateKey();
            ReadOnlyMemory<byte>[] certificates = [.. own.Concat(loaded.Except(own)).Select(certificate => (ReadOnlyMemory<byte>)certificate.RawData)];
            foreach (X509Certificate2 certificate in loaded)
            {
                certificate.Dispose();
            }

            return key is not null ? LocalSigner.Of(path, key, certificates) : throw new UserErrorException($"\"{path}\" does not hold exactly one RSA or ECDSA key", Hint);
        }
        catch (CryptographicException)
        {
            throw new UserErrorException($"\"{path}\" is no PKCS#12 file, or the passphrase is wrong", "for a key in DER convert it to PEM first: \"openssl pkey -inform der\"", ExitCode.Remote);
        }
        finally
        {
            Array.Clear(passphrase);
        }
    }
}
