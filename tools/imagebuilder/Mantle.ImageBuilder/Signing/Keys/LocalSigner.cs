using System.Security.Cryptography;
using Mantle.Measure.Release.Dsse;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Mantle.ImageBuilder.Signing.Keys;

/// <summary>A private key in this process's memory.</summary>
internal sealed class LocalSigner : ISigner
{
    private readonly AsymmetricAlgorithm? _key;
    private readonly byte[] _seed;

    private LocalSigner(string name, byte[] publicKey, AsymmetricAlgorithm? key, byte[] seed, IReadOnlyList<ReadOnlyMemory<byte>> certificates)
    {
        Name = name;
        PublicKey = VerificationKey.Read(publicKey);
        Certificates = certificates;
        _key = key;
        _seed = seed;
    }

    public string Name { get; }

    public VerificationKey PublicKey { get; }

    public IReadOnlyList<ReadOnlyMemory<byte>> Certificates { get; }

    /// <summary>Takes a key over, an RSA or ECDSA one, and disposes it at the end.</summary>
    public static LocalSigner Of(string name, AsymmetricAlgorithm key, IReadOnlyList<ReadOnlyMemory<byte>>? certificates = null) =>
        new(name, key.ExportSubjectPublicKeyInfo(), key, [], certificates ?? []);

    /// <summary>Takes an Ed25519 key over, its 32 bytes (RFC 8032, 5.1.5), and clears them at the end.</summary>
    public static LocalSigner OfEd25519(string name, byte[] seed)
    {
        byte[] publicKey = new Ed25519PrivateKeyParameters(seed).GeneratePublicKey().GetEncoded();
        return new(name, [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, .. publicKey], null, seed, []);
    }

    public Task<byte[]> SignAsync(ReadOnlyMemory<byte> message, SignatureScheme scheme, CancellationToken cancellation) => Task.FromResult(_key switch
    {
        RSA rsa => rsa.SignData(message.Span, scheme.Hash(), scheme.IsPss() ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1),
        ECDsa curve => curve.SignData(message.Span, scheme.Hash(), DSASignatureFormat.Rfc3279DerSequence),
        _ => SignEd25519(message.ToArray()),
    });

    public void Dispose()
    {
        _key?.Dispose();
        CryptographicOperations.ZeroMemory(_seed);
    }

    private byte[] SignEd25519(byte[] message)
    {
        byte[] signature = new byte[Ed25519.SignatureSize];
        Ed25519.Sign(_seed, 0, message, 0, message.Length, signature, 0);
        return signature;
    }
}
