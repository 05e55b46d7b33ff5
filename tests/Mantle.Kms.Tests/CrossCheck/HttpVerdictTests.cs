using System.Security.Cryptography;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Mantle.Emulator.Kms;
using Mantle.Emulator.Kms.Keys;

namespace Mantle.Kms.Tests.CrossCheck;

/// <summary>The same over HTTP: signed requests, real attestation documents, real ciphertexts.</summary>
public sealed class HttpVerdictTests
{
    private const int Cases = 300;

    /// <summary>What the network decides about a request, in one value.</summary>
    private static readonly string[] s_network = ["aws:SourceVpc", "aws:SourceIp", "aws:PrincipalTag/team", "kms:ViaService"];

    [Fact]
    public async Task Hundreds_of_calls_have_the_same_verdict()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        KmsKey key = cloud.Service.Import(KeyMaterial.Create("SYMMETRIC_DEFAULT"), TestCloud.Account, TestCloud.Region, """{"Statement":[]}""", "ENCRYPT_DECRYPT");
        KmsKey curve = cloud.Service.Import(KeyMaterial.Create("ECC_NIST_P256"), TestCloud.Account, TestCloud.Region, """{"Statement":[]}""", "KEY_AGREEMENT");
        using RSA recipient = RSA.Create(2048);
        int done = 0, allowed = 0;
        for (int seed = 1_000_000; done < Cases; seed++)
        {
            RandomCase one = new(seed);
            if (!one.Requester.Contains(":role/", StringComparison.Ordinal) || one.Action is not ("kms:Decrypt" or "kms:GenerateDataKey" or "kms:GenerateDataKeyPair" or "kms:DeriveSharedSecret" or "kms:Encrypt" or "kms:DescribeKey"))
            {
                continue;
            }

            done++;
            Dictionary<string, string> context = one.Action is not ("kms:DescribeKey" or "kms:DeriveSharedSecret") && one.Context.TryGetValue("kms:EncryptionContext:app", out string[]? app) ? new() { ["app"] = app[0] } : [];
            KmsCaller caller = new(one.Requester) { Attachments = VerdictTests.Attachments(one) };
            foreach ((string name, string[] values) in one.Context.ToArray())
            {
                if (s_network.Contains(name))
                {
                    caller.Context[name] = values[0];
                }
                else
                {
                    one.Context.Remove(name);
                }
            }

            if (context.Count > 0)
            {
                one.Context["kms:EncryptionContext:app"] = [context["app"]];
                one.Context["kms:EncryptionContextKeys"] = ["app"];
            }

            KmsKey asked = one.Action == "kms:DeriveSharedSecret" ? curve : key;
            asked.SetPolicy(one.KeyPolicy);
            asked.Grants.Clear();
            Array.ForEach(VerdictTests.Grants(one), asked.Grants.Add);
            cloud.Callers.RemoveAll(other => other.AccessKeyId == caller.AccessKeyId);
            cloud.Callers.Add(caller);
            bool expected = VerdictTests.Simulate(one, TimeProvider.System.GetUtcNow(), asked.Id).IsAllowed;
            RecipientInfo? info = one.IsAttested ? cloud.Attest(recipient, [.. one.Registers.Select(pcr => (pcr.Key, pcr.Value))]) : null;
            bool actual = await IsAllowedAsync(cloud.ClientOf(caller), one.Action, asked, context, info);
            Assert.True(expected == actual, $"simulator {expected}, KMS {actual}, seed {seed}\n{one}");
            allowed += actual ? 1 : 0;
        }

        Assert.InRange(allowed, Cases / 10, Cases * 9 / 10);
    }

    private static async Task<bool> IsAllowedAsync(AmazonKeyManagementServiceClient client, string action, KmsKey key, Dictionary<string, string> context, RecipientInfo? info)
    {
        try
        {
            switch (action)
            {
                case "kms:Decrypt":
                    byte[] blob = key.Material.Encrypt(key.Id, "secret"u8, context);
                    await client.DecryptAsync(new DecryptRequest { KeyId = key.Arn, CiphertextBlob = new(blob), EncryptionContext = context, Recipient = info });
                    break;
                case "kms:GenerateDataKey":
                    await client.GenerateDataKeyAsync(new GenerateDataKeyRequest { KeyId = key.Arn, KeySpec = DataKeySpec.AES_256, EncryptionContext = context, Recipient = info });
                    break;
                case "kms:GenerateDataKeyPair":
                    await client.GenerateDataKeyPairAsync(
                        new GenerateDataKeyPairRequest { KeyId = key.Arn, KeyPairSpec = DataKeyPairSpec.ECC_NIST_P256, EncryptionContext = context, Recipient = info });
                    break;
                case "kms:DeriveSharedSecret":
                    await client.DeriveSharedSecretAsync(
                        new DeriveSharedSecretRequest { KeyId = key.Arn, KeyAgreementAlgorithm = KeyAgreementAlgorithmSpec.ECDH, PublicKey = new(key.Material.ExportPublicKey()), Recipient = info });
                    break;
                case "kms:Encrypt":
                    await client.EncryptAsync(new EncryptRequest { KeyId = key.Arn, Plaintext = new([1]), EncryptionContext = context });
                    break;
                default:
                    await client.DescribeKeyAsync(key.Arn);
                    break;
            }

            return true;
        }
        catch (AmazonKeyManagementServiceException e) when (e.ErrorCode == "AccessDeniedException")
        {
            return false;
        }
    }
}
