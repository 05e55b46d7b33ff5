using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using Mantle.ImageBuilder.Kms;
using Mantle.ImageBuilder.Signing.Keys;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Volumes;

/// <summary>
/// Data keys by a KMS key: made here and encrypted there (kms:Encrypt). So the key policy can let a provisioner encrypt and need let nobody unattested
/// decrypt or generate.
/// </summary>
public sealed class KeyEncryption : IDisposable
{
    private const string Scheme = "kms:";
    private readonly AmazonKeyManagementServiceClient _service;
    private readonly string _keyId;

    private KeyEncryption(AmazonKeyManagementServiceClient service, string keyId)
    {
        _service = service;
        _keyId = keyId;
    }

    /// <summary>Opens a key.</summary>
    /// <param name="key"><c>kms:</c> and a key id, <c>alias/NAME</c> or ARN.</param>
    /// <param name="region">Its region; null: the ARN's, or the one that the SDK finds.</param>
    /// <param name="endpoint">Another address of KMS; null: the one that the SDK finds.</param>
    /// <exception cref="UserErrorException">The text names no key, or nobody is signed in.</exception>
    public static KeyEncryption Open(string key, string? region, string? endpoint)
    {
        if (!key.StartsWith(Scheme, StringComparison.Ordinal) || key.Length == Scheme.Length)
        {
            throw new UserErrorException($"\"{key}\" names no key", "say kms:KEY-ID, kms:alias/NAME or kms:ARN", ExitCode.Usage);
        }

        string id = key[Scheme.Length..];
        AmazonKeyManagementServiceConfig configuration = KmsConfiguration.Create(region ?? RegionOf(id));
        if (endpoint is not null)
        {
            configuration.ServiceURL = endpoint;
            configuration.AuthenticationRegion = region ?? RegionOf(id) ?? configuration.AuthenticationRegion;
        }

        return new(KmsErrors.Guard(id, () => new AmazonKeyManagementServiceClient(configuration)), id);
    }

    /// <summary>Has a data key encrypted.</summary>
    public async Task<byte[]> EncryptAsync(ReadOnlyMemory<byte> key, EncryptionContext context, CancellationToken cancellation)
    {
        byte[] copy = key.ToArray();
        using MemoryStream plaintext = new(copy);
        EncryptRequest request = new() { KeyId = _keyId, Plaintext = plaintext, EncryptionContext = context.ToDictionary() };
        try
        {
            EncryptResponse answer = await AskAsync("kms:Encrypt", () => _service.EncryptAsync(request, cancellation), cancellation).ConfigureAwait(false);
            return answer.CiphertextBlob.ToArray();
        }
        finally
        {
            Array.Clear(copy);
        }
    }

    /// <summary>Has a data key decrypted, for whoever the key policy lets do so without an attestation.</summary>
    internal async Task<VolumeKey> DecryptAsync(SealedBlob blob, EncryptionContext context, CancellationToken cancellation)
    {
        using MemoryStream ciphertext = new(blob.EncryptedKey.ToArray());
        DecryptRequest request = new() { KeyId = _keyId, CiphertextBlob = ciphertext, EncryptionContext = context.ToDictionary() };
        DecryptResponse answer = await AskAsync("kms:Decrypt", () => _service.DecryptAsync(request, cancellation), cancellation).ConfigureAwait(false);
        byte[] plaintext = answer.Plaintext.ToArray();
        try
        {
            return plaintext.Length == XtsCipher.KeyLength
                ? new VolumeKey(plaintext)
                : throw new UserErrorException($"kms: the data key has {plaintext.Length} bytes, a volume's has {XtsCipher.KeyLength}", "this blob is not a volume's", ExitCode.Malformed);
        }
        finally
        {
            Array.Clear(plaintext);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _service.Dispose();

    private Task<T> AskAsync<T>(string action, Func<Task<T>> call, CancellationToken cancellation) => KmsErrors.GuardAsync(
        _keyId,
        async () =>
        {
            try
            {
                return await call().ConfigureAwait(false);
            }
            catch (AmazonServiceException denied) when (denied.ErrorCode == "AccessDeniedException")
            {
                throw new UserErrorException(
                    $"kms: {action} with key \"{_keyId}\" is denied: {denied.Message.Split('\n')[0].TrimEnd('.')}", $"the key policy must let the caller {action} with this encryption context", ExitCode.Remote, denied);
            }
        },
        cancellation);

    private static string? RegionOf(string keyId) => keyId.Split(':') is ["arn", _, "kms", { Length: > 0 } region, ..] ? region : null;
}
