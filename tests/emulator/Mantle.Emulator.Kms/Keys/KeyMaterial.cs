using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math.EC.Rfc8032;
using Org.BouncyCastle.X509;

namespace Mantle.Emulator.Kms.Keys;

/// <summary>The secret of a key, of one KeySpec.</summary>
public sealed class KeyMaterial : IDisposable
{
    /// <summary>What starts every ciphertext of the emulator; KMS's own format is opaque.</summary>
    private static readonly byte[] s_magic = "EKMS"u8.ToArray();

    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private readonly RSA? _rsa;
    private readonly ECDsa? _ecdsa;
    private readonly Ed25519PrivateKeyParameters? _edwards;

    private KeyMaterial(string spec, RSA? rsa, ECDsa? ecdsa, Ed25519PrivateKeyParameters? edwards = null)
    {
        Spec = spec;
        _rsa = rsa;
        _ecdsa = ecdsa;
        _edwards = edwards;
    }

    /// <summary>KeySpec of the API.</summary>
    public string Spec { get; }

    public bool IsSymmetric => _rsa is null && _ecdsa is null && _edwards is null;

    /// <summary>SigningAlgorithms of the API.</summary>
    public IReadOnlyList<string> SigningAlgorithms => _rsa is not null
        ? ["RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512", "RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512"]
        : _edwards is not null ? ["ED25519_SHA_512", "ED25519_PH_SHA_512"]
        : _ecdsa is null ? [] : [$"ECDSA_SHA_{(_ecdsa.KeySize == 521 ? 512 : _ecdsa.KeySize)}"];

    /// <summary>EncryptionAlgorithms of the API.</summary>
    public IReadOnlyList<string> EncryptionAlgorithms => IsSymmetric ? ["SYMMETRIC_DEFAULT"] : _rsa is null ? [] : ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"];

    /// <summary>A new key.</summary>
    /// <exception cref="KmsErrorException">The specification is not one of KMS's, or not one of the emulator's.</exception>
    public static KeyMaterial Create(string spec) => spec switch
    {
        "SYMMETRIC_DEFAULT" => new(spec, null, null),
        "RSA_2048" => new(spec, RSA.Create(2048), null),
        "RSA_3072" => new(spec, RSA.Create(3072), null),
        "RSA_4096" => new(spec, RSA.Create(4096), null),
        "ECC_NIST_P256" => new(spec, null, ECDsa.Create(ECCurve.NamedCurves.nistP256)),
        "ECC_NIST_P384" => new(spec, null, ECDsa.Create(ECCurve.NamedCurves.nistP384)),
        "ECC_NIST_P521" => new(spec, null, ECDsa.Create(ECCurve.NamedCurves.nistP521)),
        "ECC_NIST_EDWARDS25519" => new(spec, null, null, new Ed25519PrivateKeyParameters(RandomNumberGenerator.GetBytes(Ed25519PrivateKeyParameters.KeySize))),
        _ => throw new KmsErrorException("UnsupportedOperationException", $"The emulator has no keys of specification {spec}."),
    };

    /// <summary>A key that the test has, so that it can be put into certificates beforehand.</summary>
    public static KeyMaterial Of(RSA key) => new($"RSA_{key.KeySize}", key, null);

    /// <summary>A key that the test has.</summary>
    public static KeyMaterial Of(ECDsa key) => new($"ECC_NIST_P{key.KeySize}", null, key);

    /// <summary>SubjectPublicKeyInfo, DER.</summary>
    public byte[] ExportPublicKey() => _rsa?.ExportSubjectPublicKeyInfo() ?? _ecdsa?.ExportSubjectPublicKeyInfo()
        ?? (_edwards is null ? null : SubjectPublicKeyInfoFactory.CreateSubjectPublicKeyInfo(_edwards.GeneratePublicKey()).GetEncoded())
        ?? throw new KmsErrorException("UnsupportedOperationException", "The key is symmetric.");

    /// <summary>Whether an algorithm signs the message itself: KMS then takes MessageType RAW alone (Developer Guide, "Key spec reference").</summary>
    public static bool SignsMessage(string algorithm) => algorithm == "ED25519_SHA_512";

    /// <summary>Signs a message by Ed25519 (RFC 8032, 5.1).</summary>
    public byte[] SignMessage(string algorithm, byte[] message)
    {
        RequireAlgorithm(algorithm);
        byte[] signature = new byte[Ed25519PrivateKeyParameters.SignatureSize];
        _edwards!.Sign(Ed25519.Algorithm.Ed25519, null, message, 0, message.Length, signature, 0);
        return signature;
    }

    public bool VerifyMessage(string algorithm, byte[] message, byte[] signature)
    {
        RequireAlgorithm(algorithm);
        return signature.Length == Ed25519PrivateKeyParameters.SignatureSize
            && _edwards!.GeneratePublicKey().Verify(Ed25519.Algorithm.Ed25519, null, message, 0, message.Length, signature, 0);
    }

    /// <summary>PKCS#8, DER: what a data key pair gives away.</summary>
    public byte[] ExportPrivateKey() => _rsa?.ExportPkcs8PrivateKey() ?? _ecdsa!.ExportPkcs8PrivateKey();

    /// <summary>The raw secret of ECDH with somebody else's key (SP 800-56A, 5.7.1.2).</summary>
    /// <exception cref="KmsErrorException">The key is none of the same curve.</exception>
    public byte[] Agree(byte[] publicKey)
    {
        using ECDiffieHellman own = ECDiffieHellman.Create(_ecdsa!.ExportParameters(includePrivateParameters: true));
        using ECDiffieHellman other = ECDiffieHellman.Create();
        try
        {
            other.ImportSubjectPublicKeyInfo(publicKey, out _);
            return own.DeriveRawSecretAgreement(other.PublicKey);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw KmsErrorException.Validation("PublicKey is invalid for the key spec of the KMS key.");
        }
    }

    /// <summary>Signs a digest; ECDSA as the DER sequence of RFC 3279, 2.2.3.</summary>
    public byte[] SignDigest(string algorithm, byte[] digest)
    {
        RequireDigest(algorithm, digest);
        return _rsa is not null
            ? _rsa.SignHash(digest, HashOf(algorithm), PaddingOf(algorithm))
            : _ecdsa!.SignHash(digest, DSASignatureFormat.Rfc3279DerSequence);
    }

    public bool VerifyDigest(string algorithm, byte[] digest, byte[] signature)
    {
        RequireDigest(algorithm, digest);
        return _rsa is not null
            ? _rsa.VerifyHash(digest, signature, HashOf(algorithm), PaddingOf(algorithm))
            : _ecdsa!.VerifyHash(digest, signature, DSASignatureFormat.Rfc3279DerSequence);
    }

    public static HashAlgorithmName HashOf(string algorithm) => algorithm[^3..] switch
    {
        "256" => HashAlgorithmName.SHA256,
        "384" => HashAlgorithmName.SHA384,
        _ => HashAlgorithmName.SHA512,
    };

    /// <summary>Encrypts; the encryption context is authenticated with it.</summary>
    /// <param name="keyId">Which key the ciphertext names.</param>
    /// <param name="plaintext">Up to 4096 bytes.</param>
    /// <param name="context">Encryption context.</param>
    public byte[] Encrypt(string keyId, ReadOnlySpan<byte> plaintext, IReadOnlyDictionary<string, string> context)
    {
        byte[] id = Encoding.ASCII.GetBytes(keyId);
        int header = s_magic.Length + 1 + id.Length;
        byte[] blob = new byte[header + 12 + 16 + plaintext.Length];
        s_magic.CopyTo(blob, 0);
        blob[s_magic.Length] = (byte)id.Length;
        id.CopyTo(blob, s_magic.Length + 1);
        Span<byte> nonce = blob.AsSpan(header, 12);
        RandomNumberGenerator.Fill(nonce);
        using AesGcm aes = new(_secret, 16);
        aes.Encrypt(nonce, plaintext, blob.AsSpan(header + 28), blob.AsSpan(header + 12, 16), Associated(context));
        return blob;
    }

    /// <summary>The key that a ciphertext names, or null when it is no ciphertext of the emulator.</summary>
    public static string? KeyOf(ReadOnlySpan<byte> blob) =>
        blob.Length > s_magic.Length + 1 && blob.StartsWith(s_magic) && blob.Length >= s_magic.Length + 1 + blob[s_magic.Length] + 28
            ? Encoding.ASCII.GetString(blob.Slice(s_magic.Length + 1, blob[s_magic.Length])) : null;

    /// <summary>Decrypts.</summary>
    /// <exception cref="KmsErrorException">InvalidCiphertextException: damaged, or of another encryption context.</exception>
    public byte[] Decrypt(ReadOnlySpan<byte> blob, IReadOnlyDictionary<string, string> context)
    {
        int header = s_magic.Length + 1 + blob[s_magic.Length];
        byte[] plaintext = new byte[blob.Length - header - 28];
        using AesGcm aes = new(_secret, 16);
        try
        {
            aes.Decrypt(blob.Slice(header, 12), blob[(header + 28)..], blob.Slice(header + 12, 16), plaintext, Associated(context));
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new KmsErrorException("InvalidCiphertextException", "");
        }

        return plaintext;
    }

    public byte[] EncryptRsa(string algorithm, byte[] plaintext) => _rsa!.Encrypt(plaintext, OaepOf(algorithm));

    public byte[] DecryptRsa(string algorithm, byte[] ciphertext)
    {
        try
        {
            return _rsa!.Decrypt(ciphertext, OaepOf(algorithm));
        }
        catch (CryptographicException)
        {
            throw new KmsErrorException("InvalidCiphertextException", "");
        }
    }

    public void Dispose()
    {
        _rsa?.Dispose();
        _ecdsa?.Dispose();
    }

    private static RSAEncryptionPadding OaepOf(string algorithm) => algorithm == "RSAES_OAEP_SHA_1" ? RSAEncryptionPadding.OaepSHA1 : RSAEncryptionPadding.OaepSHA256;

    private static RSASignaturePadding PaddingOf(string algorithm) => algorithm.StartsWith("RSASSA_PSS", StringComparison.Ordinal) ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;

    private void RequireDigest(string algorithm, byte[] digest)
    {
        RequireAlgorithm(algorithm);
        int length = HashOf(algorithm) == HashAlgorithmName.SHA256 ? 32 : HashOf(algorithm) == HashAlgorithmName.SHA384 ? 48 : 64;
        if (digest.Length != length)
        {
            throw KmsErrorException.Validation($"Digest is invalid length for algorithm {algorithm}.");
        }

        if (_edwards is not null)
        {
            throw new KmsErrorException("UnsupportedOperationException", "The emulator does not sign by Ed25519ph.");
        }
    }

    private void RequireAlgorithm(string algorithm)
    {
        if (!SigningAlgorithms.Contains(algorithm))
        {
            throw new KmsErrorException("InvalidKeyUsageException", $"Algorithm {algorithm} is incompatible with key spec {Spec}.");
        }
    }

    /// <summary>The pairs in the order of their names, each text behind its length.</summary>
    private static byte[] Associated(IReadOnlyDictionary<string, string> context)
    {
        using MemoryStream bytes = new();
        Span<byte> length = stackalloc byte[4];
        foreach ((string name, string value) in context.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            foreach (byte[] text in new[] { Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value) })
            {
                BinaryPrimitives.WriteInt32BigEndian(length, text.Length);
                bytes.Write(length);
                bytes.Write(text);
            }
        }

        return bytes.ToArray();
    }
}
