using Amazon.KeyManagementService.Model;
using Mantle.Emulator.Kms.Wire;
using Mantle.ImageBuilder.Signing.Keys;
using Mantle.ImageBuilder.Signing.Releases;
using Mantle.Measure;
using Mantle.Measure.Release.Dsse;
using Mantle.Testing;

namespace Mantle.Kms.Tests.Signing;

/// <summary>The signer as it is shipped against the endpoint, with nothing of it configured but what the SDK reads from its environment.</summary>
[Collection(SigningCloudGroup.Name)]
public sealed class KmsSignerTests(SigningCloud signing)
{
    private static readonly byte[] s_message = [.. "a release statement"u8];

    private TestCloud Cloud => signing.Cloud;

    [Theory]
    [InlineData("RSA_2048", SignatureScheme.RsaPssSha256)]
    [InlineData("RSA_2048", SignatureScheme.RsaPkcs1Sha256)]
    [InlineData("ECC_NIST_P256", SignatureScheme.EcdsaP256Sha256)]
    [InlineData("ECC_NIST_P384", SignatureScheme.EcdsaP384Sha384)]
    [InlineData("ECC_NIST_EDWARDS25519", SignatureScheme.Ed25519)]
    public async Task A_key_in_kms_signs_by_id_and_by_arn(string spec, SignatureScheme scheme)
    {
        KeyMetadata key = await CreateAsync(spec);
        foreach (string name in new[] { key.KeyId, key.Arn })
        {
            using KmsSigner signer = await KmsSigner.OpenAsync(name, CancellationToken.None);
            byte[] signature = await signer.SignCheckedAsync(s_message, scheme, CancellationToken.None);
            Assert.True(signer.PublicKey.Verify(s_message, signature, scheme));
        }
    }

    [Fact]
    public async Task Throttling_and_a_failing_service_are_tried_again_and_then_reported()
    {
        using KmsSigner signer = await KmsSigner.OpenAsync((await CreateAsync("ECC_NIST_P256")).KeyId, CancellationToken.None);
        Cloud.Endpoint.Faults.Add(KmsFault.Throttle("Sign"));
        await signer.SignCheckedAsync(s_message, SignatureScheme.EcdsaP256Sha256, CancellationToken.None);

        Cloud.Endpoint.Faults.Add(KmsFault.Throttle("Sign", SigningCloud.Attempts));
        Assert.Contains("throttled", await RefusalAsync(signer), StringComparison.Ordinal);
        Cloud.Endpoint.Faults.Add(KmsFault.Internal("Sign", SigningCloud.Attempts));
        Assert.Contains("KMS failed", await RefusalAsync(signer), StringComparison.Ordinal);
        Assert.Equal(0, Cloud.Endpoint.Faults.Count);
    }

    [Fact]
    public async Task A_refusal_is_reported_at_once_with_what_is_needed()
    {
        using KmsSigner signer = await KmsSigner.OpenAsync((await CreateAsync("ECC_NIST_P256")).KeyId, CancellationToken.None);
        int before = Cloud.Endpoint.Calls.Count;
        Cloud.Endpoint.Faults.Add(KmsFault.Denied("Sign"));
        Assert.Contains("is denied", await RefusalAsync(signer), StringComparison.Ordinal);
        Assert.Equal(before + 1, Cloud.Endpoint.Calls.Count);

        UserErrorException unknown = await Assert.ThrowsAsync<UserErrorException>(() => KmsSigner.OpenAsync("alias/nothing", CancellationToken.None));
        Assert.Contains("kms:GetPublicKey with key \"alias/nothing\": ", unknown.Message, StringComparison.Ordinal);
        Assert.StartsWith("name an id", unknown.Hint, StringComparison.Ordinal);
        KeyMetadata secret = (await signing.Client.CreateKeyAsync(new CreateKeyRequest())).KeyMetadata;
        Assert.Equal(ExitCode.Remote, (await Assert.ThrowsAsync<UserErrorException>(() => KmsSigner.OpenAsync(secret.KeyId, CancellationToken.None))).Code);
        KeyMetadata large = await CreateAsync("ECC_NIST_P521");
        Assert.Contains("none that signs here", (await Assert.ThrowsAsync<UserErrorException>(() => KmsSigner.OpenAsync(large.KeyId, CancellationToken.None))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signature_that_does_not_hold_is_given_to_nobody()
    {
        using KmsSigner signer = await KmsSigner.OpenAsync((await CreateAsync("ECC_NIST_P256")).KeyId, CancellationToken.None);
        Cloud.Endpoint.Faults.Add(new KmsFault
        {
            Operation = "Sign",
            Rewrite = answer =>
            {
                byte[] signature = Convert.FromBase64String(answer["Signature"]!.GetValue<string>());
                signature[^1] ^= 1;
                answer["Signature"] = Convert.ToBase64String(signature);
                return answer;
            },
        });
        Assert.Contains("does not hold", await RefusalAsync(signer), StringComparison.Ordinal);
        Cloud.Endpoint.Faults.Add(new KmsFault { Operation = "Sign", Garbles = true, Times = SigningCloud.Attempts });
        await RefusalAsync(signer);
    }

    [Fact]
    public async Task A_cut_connection_is_reported_and_an_interrupt_is_an_interrupt()
    {
        using KmsSigner signer = await KmsSigner.OpenAsync((await CreateAsync("ECC_NIST_P256")).KeyId, CancellationToken.None);
        Cloud.Endpoint.Faults.Add(new KmsFault { Operation = "Sign", CutsAfter = true, Times = 1000 }); // .NET's client has tries of its own
        Assert.StartsWith("kms: ", await RefusalAsync(signer), StringComparison.Ordinal);
        Cloud.Endpoint.Faults.Clear();
        using CancellationTokenSource interrupted = new();
        Cloud.Endpoint.Faults.Add(new KmsFault { Operation = "Sign", Before = interrupted.Cancel, Delay = TimeSpan.Zero });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => signer.SignCheckedAsync(s_message, SignatureScheme.EcdsaP256Sha256, interrupted.Token));
    }

    [Fact]
    public async Task An_envelope_signed_by_ed25519_verifies_by_openssl_and_one_that_kms_does_not_take_is_refused()
    {
        using KmsSigner signer = await KmsSigner.OpenAsync((await CreateAsync("ECC_NIST_EDWARDS25519")).Arn, CancellationToken.None);
        DsseEnvelope envelope = await ReleaseSigner.SignAsync(DsseEnvelope.Create("text/plain", s_message), [signer], null, CancellationToken.None);
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["key.der"], signer.PublicKey.SubjectPublicKeyInfo.ToArray());
        File.WriteAllBytes(folder["message"], envelope.PreAuthenticationEncoding());
        File.WriteAllBytes(folder["signature"], Assert.Single(envelope.Signatures).Signature.ToArray());
        Oracle.Succeed("openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", folder["key.der"], "-in", folder["message"], "-sigfile", folder["signature"]);

        int before = Cloud.Endpoint.Calls.Count;
        UserErrorException refused = await Assert.ThrowsAsync<UserErrorException>(() => signer.SignCheckedAsync(new byte[4097], SignatureScheme.Ed25519, CancellationToken.None));
        Assert.Contains("KMS takes 4,096", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, Cloud.Endpoint.Calls.Count);
    }

    [Fact]
    public async Task A_service_that_does_not_answer_is_given_up()
    {
        using KmsSigner signer = await KmsSigner.OpenAsync((await CreateAsync("ECC_NIST_P256")).KeyId, TimeSpan.FromMilliseconds(200), CancellationToken.None);
        Cloud.Endpoint.Faults.Add(new KmsFault { Operation = "Sign", Delay = TimeSpan.FromSeconds(1), Times = 1000 }); // .NET's client has tries of its own
        Assert.EndsWith(": no answer in time", await RefusalAsync(signer), StringComparison.Ordinal);
        Cloud.Endpoint.Faults.Clear();
    }

    private async Task<KeyMetadata> CreateAsync(string spec) =>
        (await signing.Client.CreateKeyAsync(new CreateKeyRequest { KeySpec = spec, KeyUsage = Amazon.KeyManagementService.KeyUsageType.SIGN_VERIFY })).KeyMetadata;

    private static async Task<string> RefusalAsync(KmsSigner signer)
    {
        UserErrorException refused = await Assert.ThrowsAsync<UserErrorException>(() => signer.SignCheckedAsync(s_message, SignatureScheme.EcdsaP256Sha256, CancellationToken.None));
        Assert.Equal(ExitCode.Remote, refused.Code);
        Assert.NotNull(refused.Hint);
        return refused.Message;
    }
}
