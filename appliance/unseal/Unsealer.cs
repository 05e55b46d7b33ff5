using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mantle.Formats.Bytes;
using Mantle.Unseal.Configuration;
using Mantle.Unseal.Control;
using Mantle.Unseal.Imds;
using Mantle.Unseal.Kms;
using Mantle.Unseal.Sealing;
using Mantle.Unseal.Tpm;

namespace Mantle.Unseal;

/// <summary>Opens what is sealed, one after another: for each a new RSA key, a document that names it, KMS's answer to it, the secret to process 1.</summary>
internal sealed class Unsealer
{
    private const int VolumeKeySize = 64;

    // 112 bits of strength, for a key that lives for one request and whose message travels within TLS; 3072 bits would take a small machine seconds each.
    private const int KeyBits = 2048;

    private readonly UnsealConfiguration _configuration;
    private readonly ControlChannel _channel;
    private readonly NitroAttestor _attestor;
    private readonly MetadataService _metadata;
    private readonly KeyService? _keys;
    private readonly UnsealEnvironment _environment;
    private RoleCredentials? _credentials;

    /// <exception cref="UnsealException">The roots of KMS's TLS cannot be read.</exception>
    public Unsealer(UnsealConfiguration configuration, ControlChannel channel, NitroAttestor attestor, UnsealEnvironment environment)
    {
        _configuration = configuration;
        _channel = channel;
        _attestor = attestor;
        _environment = environment;
        _metadata = new(environment.Metadata, environment.MetadataTimeout, environment.Delay);
        _keys = configuration.Kms is { } kms ? new(environment.Patience(Settings(kms, environment))) : null;
    }

    /// <summary>What is being done.</summary>
    public Stage Stage { get; private set; } = Stage.Configuration;

    /// <summary>Unseals everything.</summary>
    /// <param name="blobs">Sealed keys of the volumes, by name.</param>
    /// <exception cref="UnsealException">Something failed; nothing that follows has been tried.</exception>
    public async Task RunAsync(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> blobs)
    {
        // All are read before the first is opened, so that a malformed one costs no request.
        Enter(Stage.Unsealing);
        List<(SealedBlob Blob, string Kind, string Name, string Version)> items = [];
        foreach (SealedVolume volume in _configuration.Volumes)
        {
            SealedBlob blob = Read(() => blobs.TryGetValue(volume.Name, out ReadOnlyMemory<byte> bytes) ? bytes : throw new UnsealException(Stage.SealedBlob), allowsPadding: true);
            items.Add((blob.HasContent ? throw new UnsealException(Stage.SealedBlob) : blob, "volume", volume.Name, volume.Version));
        }

        foreach (SealedFile file in _configuration.Files)
        {
            items.Add((Read(() => _environment.ReadFile(file.Source), allowsPadding: false), "file", file.Name, file.Version));
        }

        foreach ((SealedBlob blob, string kind, string name, string version) in items)
        {
            Dictionary<string, string> context = new(StringComparer.Ordinal)
            {
                ["mantle:appliance"] = _configuration.Appliance, ["mantle:kind"] = kind, ["mantle:name"] = name, ["mantle:version"] = version,
            };
            using SecretBytes dataKey = await DecryptAsync(blob.EncryptedKey, context).ConfigureAwait(false);
            if (kind == "volume")
            {
                if (dataKey.Length != VolumeKeySize)
                {
                    throw new UnsealException(Stage.KeySize);
                }

                _channel.SendKey(name, dataKey.Span);
                continue;
            }

            using SecretBytes secret = blob.Open(dataKey);
            _channel.SendFile(name, secret.Span);
        }
    }

    private async Task<SecretBytes> DecryptAsync(ReadOnlyMemory<byte> ciphertext, Dictionary<string, string> context)
    {
        bool isFresh = _credentials is null;
        _credentials ??= await ReadCredentialsAsync().ConfigureAwait(false);
        using RSA key = RSA.Create(KeyBits);
        Enter(Stage.Tpm);
        byte[] document = _attestor.Attest(key.ExportSubjectPublicKeyInfo(), userData: [], RandomNumberGenerator.GetBytes(32));
        Enter(Stage.Kms);
        RecipientMessage message;
        try
        {
            message = await _keys!.DecryptAsync(_credentials, ciphertext, context, document).ConfigureAwait(false);
        }
        catch (ExpiredCredentialsException) when (!isFresh)
        {
            return await AgainAsync(ciphertext, context).ConfigureAwait(false);
        }
        catch (ExpiredCredentialsException e)
        {
            throw new UnsealException(Stage.KmsDenied, e);
        }

        Enter(Stage.Unsealing);
        return message.Open(key);
    }

    /// <summary>The metadata service has newer credentials than those that this program read for an earlier item.</summary>
    private Task<SecretBytes> AgainAsync(ReadOnlyMemory<byte> ciphertext, Dictionary<string, string> context)
    {
        _credentials = null;
        return DecryptAsync(ciphertext, context);
    }

    private Task<RoleCredentials> ReadCredentialsAsync()
    {
        Enter(Stage.Metadata);
        return _metadata.ReadCredentialsAsync();
    }

    private void Enter(Stage stage)
    {
        Stage = stage;
        _channel.SendStage(stage);
    }

    private static SealedBlob Read(Func<ReadOnlyMemory<byte>> bytes, bool allowsPadding)
    {
        try
        {
            return bytes() is { Length: <= SealedBlob.MaximumLength } blob ? SealedBlob.Read(blob, allowsPadding) : throw new UnsealException(Stage.SealedBlob);
        }
        catch (Exception e) when (e is MalformedInputException or IOException or UnauthorizedAccessException)
        {
            throw new UnsealException(Stage.SealedBlob, e);
        }
    }

    private static KmsSettings Settings(KmsConfiguration kms, UnsealEnvironment environment)
    {
        X509Certificate2Collection roots = [];
        try
        {
            roots.ImportFromPem(System.Text.Encoding.ASCII.GetString(environment.ReadFile(kms.Certificates)));
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new UnsealException(Stage.Configuration, e);
        }

        return roots.Count == 0 ? throw new UnsealException(Stage.Configuration) : new()
        {
            Region = kms.Region, Endpoint = kms.Endpoint ?? KmsSettings.DefaultEndpoint(kms.Region), Roots = roots, Delay = environment.Delay,
        };
    }
}
