using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Aws;
using Mantle.Measure;
using Mantle.Measure.Release.Dsse;

namespace Mantle.ImageBuilder.Signing.Keys;

/// <summary>
/// An asymmetric key in AWS KMS: the public key by GetPublicKey, signatures by Sign (AWS KMS API Reference). The service sees digests, and messages only of Ed25519.
/// </summary>
public sealed class KmsSigner : ISigner
{
    /// <summary>Sign takes no longer message that it hashes by itself, in bytes.</summary>
    private const int MaximumMessage = 4096;

    private const string Permission = "the caller needs kms:GetPublicKey and kms:Sign on this key";

    private readonly KeyClient _key;

    private KmsSigner(KeyClient key, VerificationKey publicKey) => (_key, PublicKey) = (key, publicKey);

    /// <inheritdoc/>
    public string Name => $"kms:{_key.KeyId}";

    /// <inheritdoc/>
    public VerificationKey PublicKey { get; }

    /// <inheritdoc/>
    public IReadOnlyList<ReadOnlyMemory<byte>> Certificates => [];

    /// <summary>Asks KMS for a key.</summary>
    /// <param name="keyId">Key id, alias (<c>alias/NAME</c>) or ARN.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="UserErrorException">KMS is not reached or refuses, or the key is none that signs here; exit code 5.</exception>
    public static Task<KmsSigner> OpenAsync(string keyId, CancellationToken cancellation) => OpenAsync(keyId, null, cancellation);

    /// <summary>The same with another time to wait for each answer than the one that is the same for all of KMS.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "the signer owns it")]
    internal static async Task<KmsSigner> OpenAsync(string keyId, TimeSpan? timeout, CancellationToken cancellation)
    {
        KeyClient key = KeyClient.Open(keyId, timeout: timeout);
        try
        {
            GetPublicKeyResponse answer = await key.AskAsync(
                "kms:GetPublicKey", Permission, service => service.GetPublicKeyAsync(new GetPublicKeyRequest { KeyId = keyId }, cancellation), cancellation).ConfigureAwait(false);
            return answer.KeyUsage == KeyUsageType.SIGN_VERIFY
                ? new(key, VerificationKey.Read(answer.PublicKey.ToArray()))
                : throw new UserErrorException($"kms: key \"{keyId}\" is for {answer.KeyUsage}, not for signing", "name a key with usage SIGN_VERIFY", ExitCode.Remote);
        }
        catch (MalformedInputException problem)
        {
            key.Dispose();
            throw new UserErrorException($"kms: key \"{keyId}\" is none that signs here: {problem.Problem}", "RSA of 2048 to 4096 bits, ECC_NIST_P256, ECC_NIST_P384 and ECC_NIST_EDWARDS25519 do", ExitCode.Remote);
        }
        catch (Exception)
        {
            key.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<byte[]> SignAsync(ReadOnlyMemory<byte> message, SignatureScheme scheme, CancellationToken cancellation)
    {
        bool isWhole = scheme == SignatureScheme.Ed25519;
        if (isWhole && message.Length > MaximumMessage)
        {
            throw new UserErrorException(
                $"kms: {message.Length:N0} bytes are to be signed by Ed25519, and KMS takes {MaximumMessage:N0}", "sign with an RSA or ECC key, whose digest KMS takes", ExitCode.Remote);
        }

        byte[] content = isWhole ? message.ToArray() : CryptographicOperations.HashData(scheme.Hash(), message.Span);
        using MemoryStream stream = new(content);
        SignRequest request = new()
        {
            KeyId = _key.KeyId,
            Message = stream,
            MessageType = isWhole ? MessageType.RAW : MessageType.DIGEST,
            SigningAlgorithm = AlgorithmOf(scheme),
        };
        SignResponse answer = await _key.AskAsync("kms:Sign", Permission, service => service.SignAsync(request, cancellation), cancellation).ConfigureAwait(false);
        return answer.Signature.ToArray();
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    /// <summary>The names of KMS's SigningAlgorithmSpec; the newest is not among the SDK's constants.</summary>
    private static SigningAlgorithmSpec AlgorithmOf(SignatureScheme scheme) => scheme switch
    {
        SignatureScheme.RsaPssSha256 => SigningAlgorithmSpec.RSASSA_PSS_SHA_256,
        SignatureScheme.RsaPssSha384 => SigningAlgorithmSpec.RSASSA_PSS_SHA_384,
        SignatureScheme.RsaPssSha512 => SigningAlgorithmSpec.RSASSA_PSS_SHA_512,
        SignatureScheme.RsaPkcs1Sha256 => SigningAlgorithmSpec.RSASSA_PKCS1_V1_5_SHA_256,
        SignatureScheme.RsaPkcs1Sha384 => SigningAlgorithmSpec.RSASSA_PKCS1_V1_5_SHA_384,
        SignatureScheme.RsaPkcs1Sha512 => SigningAlgorithmSpec.RSASSA_PKCS1_V1_5_SHA_512,
        SignatureScheme.EcdsaP256Sha256 => SigningAlgorithmSpec.ECDSA_SHA_256,
        SignatureScheme.EcdsaP384Sha384 => SigningAlgorithmSpec.ECDSA_SHA_384,
        _ => new SigningAlgorithmSpec("ED25519_SHA_512"),
    };
}
