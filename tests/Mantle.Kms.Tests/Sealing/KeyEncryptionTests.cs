using System.Buffers.Binary;
using System.Security.Cryptography;
using Amazon.KeyManagementService.Model;
using Mantle.Emulator.Kms.Wire;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Volumes;
using Mantle.Kms.Tests.Signing;
using Mantle.Measure;
using Mantle.Testing;

namespace Mantle.Kms.Tests.Sealing;

/// <summary>Volumes and files sealed as they are shipped, with nothing configured but what the SDK reads from its environment.</summary>
[Collection(SigningCloudGroup.Name)]
public sealed class KeyEncryptionTests(SigningCloud signing) : IDisposable
{
    private static readonly EncryptionContext s_volume = new("sample", "volume", "weights", "2");
    private static readonly EncryptionContext s_file = new("sample", "file", "token", "1");
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_encrypted_volume_holds_for_whoever_may_decrypt_its_key_and_for_nobody_under_another_context()
    {
        KeyMetadata key = await CreateAsync();
        using KeyEncryption encryption = KeyEncryption.Open($"kms:{key.Arn}", null, signing.Cloud.Endpoint.Url);
        byte[] content = RandomNumberGenerator.GetBytes(1 << 20);
        Directory.CreateDirectory(_folder["source"]);
        await File.WriteAllBytesAsync(_folder["source/model"], content);
        VolumeResult result = await VolumeWriter.WriteAsync(
            new VolumeRequest
            {
                Content = VolumeContent.Open(_folder["source"], "weights", "2"), ContentIdentity = "x", Output = _folder["weights.img"], Name = "weights", Version = "2",
                SealKey = (dataKey, token) => encryption.EncryptAsync(dataKey, s_volume, token),
            },
            CancellationToken.None);

        Volume volume = Volume.Read(ByteSource.OpenFile(_folder["weights.img"]));
        Assert.Equal(
            new VolumeVerdict("holds", result.RootHash, null),
            await VolumeVerdict.OfEncryptedAsync(volume, encryption, s_volume, Convert.FromHexString(result.RootHash), 2, CancellationToken.None));
        foreach (EncryptionContext other in new[] { s_volume with { Version = "1" }, s_volume with { Name = "other" }, s_volume with { Appliance = "other" }, s_volume with { Kind = "file" } })
        {
            UserErrorException refusal = await Assert.ThrowsAsync<UserErrorException>(() => VolumeVerdict.OfEncryptedAsync(volume, encryption, other, null, 2, CancellationToken.None));
            Assert.Equal(ExitCode.Remote, refusal.Code);
        }

        Assert.Equal(-1, (await File.ReadAllBytesAsync(_folder["weights.img"])).AsSpan().IndexOf(content.AsSpan(4096, 32)));
    }

    [Fact]
    public async Task A_sealed_file_opens_with_the_data_key_that_kms_decrypts()
    {
        KeyMetadata key = await CreateAsync();
        using KeyEncryption encryption = KeyEncryption.Open($"kms:{key.KeyId}", TestCloud.Region, signing.Cloud.Endpoint.Url);
        await File.WriteAllTextAsync(_folder["token"], "s3cret");
        await SealedFile.WriteAsync(_folder["token"], _folder["token.sealed"], (dataKey, token) => encryption.EncryptAsync(dataKey, s_file, token), CancellationToken.None);

        byte[] blob = await File.ReadAllBytesAsync(_folder["token.sealed"]);
        SealedBlob read = SealedBlob.Read(blob, isPadded: false);
        using MemoryStream ciphertext = new(read.EncryptedKey.ToArray());
        DecryptResponse answer = await signing.Client.DecryptAsync(new DecryptRequest { CiphertextBlob = ciphertext, EncryptionContext = s_file.ToDictionary() });
        int head = 16 + read.EncryptedKey.Length + 1;
        int length = BinaryPrimitives.ReadInt32BigEndian(blob.AsSpan(head + 12));
        byte[] secret = new byte[length];
        using AesGcm aes = new(answer.Plaintext.ToArray(), 16);
        aes.Decrypt(blob.AsSpan(head, 12), blob.AsSpan(head + 16, length), blob.AsSpan(head + 16 + length), secret, blob.AsSpan(0, head));
        Assert.Equal("s3cret"u8.ToArray(), secret);
        Assert.Equal(["token", "token.sealed"], Directory.GetFiles(_folder.Root).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_refusal_names_the_action_that_the_caller_lacks()
    {
        using KeyEncryption encryption = KeyEncryption.Open($"kms:{(await CreateAsync()).KeyId}", TestCloud.Region, signing.Cloud.Endpoint.Url);
        signing.Cloud.Endpoint.Faults.Add(KmsFault.Denied("Encrypt"));
        UserErrorException refusal = await Assert.ThrowsAsync<UserErrorException>(() => encryption.EncryptAsync(new byte[64], s_volume, CancellationToken.None));
        Assert.Equal(ExitCode.Remote, refusal.Code);
        Assert.Contains("kms:Encrypt", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, Assert.Throws<UserErrorException>(() => KeyEncryption.Open("alias/x", null, null)).Code);
    }

    private async Task<KeyMetadata> CreateAsync() => (await signing.Client.CreateKeyAsync(new CreateKeyRequest())).KeyMetadata;
}
