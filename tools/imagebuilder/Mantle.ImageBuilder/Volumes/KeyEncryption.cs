using System.Diagnostics.CodeAnalysis;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Mantle.ImageBuilder.Aws;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Volumes;

/// <summary>
/// Data keys by a KMS key: made here and encrypted there (kms:Encrypt). So the key policy can let a provisioner encrypt and need let nobody unattested
/// decrypt or generate.
/// </summary>
public sealed class KeyEncryption : IDisposable
{
    private const string Scheme = "kms:";
    private readonly KeyClient _key;

    private KeyEncryption(KeyClient key) => _key = key;

    /// <summary>Opens a key.</summary>
    /// <param name="key"><c>kms:</c> and a key id, <c>alias/NAME</c> or ARN.</param>
    /// <param name="region">Its region; null: the ARN's, or the one that the SDK finds.</param>
    /// <param name="endpoint">Another address of KMS; null: the one that the SDK finds.</param>
    /// <exception cref="UserErrorException">The text names no key, or nobody is signed in.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "what is opened owns it")]
    public static KeyEncryption Open(string key, string? region, string? endpoint)
    {
        if (!key.StartsWith(Scheme, StringComparison.Ordinal) || key.Length == Scheme.Length)
        {
            throw new UserErrorException($"\"{key}\" names no key", "say kms:KEY-ID, kms:alias/NAME or kms:ARN", ExitCode.Usage);
        }

        return new(KeyClient.Open(key[Scheme.Length..], region, endpoint));
    }

    /// <summary>Has a data key encrypted.</summary>
    public async Task<byte[]> EncryptAsync(ReadOnlyMemory<byte> key, EncryptionContext context, CancellationToken cancellation)
    {
        byte[] copy = key.ToArray();
        using MemoryStream plaintext = new(copy);
        EncryptRequest request = new() { KeyId = _key.KeyId, Plaintext = plaintext, EncryptionContext = context.ToDictionary() };
        try
        {
            EncryptResponse answer = await AskAsync("kms:Encrypt", service => service.EncryptAsync(request, cancellation), cancellation).ConfigureAwait(false);
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
        DecryptRequest request = new() { KeyId = _key.KeyId, CiphertextBlob = ciphertext, EncryptionContext = context.ToDictionary() };
        DecryptResponse answer = await AskAsync("kms:Decrypt", service => service.DecryptAsync(request, cancellation), cancellation).ConfigureAwait(false);
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
    public void Dispose() => _key.Dispose();

    private Task<T> AskAsync<T>(string action, Func<IAmazonKeyManagementService, Task<T>> call, CancellationToken cancellation) =>
        _key.AskAsync(action, $"the key policy must let the caller {action} with this encryption context", call, cancellation);
}
