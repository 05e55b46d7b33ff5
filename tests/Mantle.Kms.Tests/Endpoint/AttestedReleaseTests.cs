using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Mantle.Emulator.Kms.Recipient;
using Mantle.Testing;
using Org.BouncyCastle.Cms;
using Org.BouncyCastle.Security;

namespace Mantle.Kms.Tests.Endpoint;

/// <summary>The secret goes to the attested image alone, as real CMS.</summary>
public sealed partial class AttestedReleaseTests(CloudFixture fixture) : IClassFixture<CloudFixture>
{
    private static readonly string s_pcr4 = Convert.ToHexStringLower(SHA384.HashData("boot file"u8));

    private static readonly string s_policy = $$"""
        {
          "Version": "2012-10-17",
          "Statement": [
            { "Effect": "Allow", "Principal": { "AWS": "{{TestCloud.Custodian}}" }, "Action": ["kms:PutKeyPolicy", "kms:GetKeyPolicy", "kms:DescribeKey"], "Resource": "*" },
            { "Effect": "Allow", "Principal": { "AWS": "{{TestCloud.Provisioner}}" }, "Action": "kms:Encrypt", "Resource": "*" },
            {
              "Effect": "Allow", "Principal": { "AWS": "{{TestCloud.Appliance}}" }, "Action": ["kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair", "kms:DeriveSharedSecret"], "Resource": "*",
              "Condition": { "StringEqualsIgnoreCase": { "kms:RecipientAttestation:NitroTPMPCR4": "{{s_pcr4}}" } }
            }
          ]
        }
        """;

    private TestCloud Cloud => fixture.Cloud;

    private async Task<string> CreateKeyAsync() =>
        (await Cloud.ClientOf(TestCloud.CustodianCaller).CreateKeyAsync(new CreateKeyRequest { Policy = s_policy })).KeyMetadata.Arn;

    [Fact]
    public async Task A_ciphertext_is_decrypted_for_the_attested_image_and_openssl_opens_the_envelope()
    {
        string key = await CreateKeyAsync();
        byte[] secret = RandomNumberGenerator.GetBytes(32);
        Dictionary<string, string> context = new() { ["application"] = "sample" };
        EncryptResponse encrypted = await Cloud.ClientOf(TestCloud.ProvisionerCaller).EncryptAsync(
            new EncryptRequest { KeyId = key, Plaintext = new(secret), EncryptionContext = context });
        using RSA recipient = RSA.Create(2048);
        DecryptResponse answer = await Cloud.ClientOf(TestCloud.ApplianceCaller).DecryptAsync(
            new DecryptRequest { CiphertextBlob = encrypted.CiphertextBlob, EncryptionContext = context, Recipient = Cloud.Attest(recipient, (4, s_pcr4)) });
        Assert.Null(answer.Plaintext);
        byte[] envelope = answer.CiphertextForRecipient.ToArray();
        Assert.Equal(secret, OpenWithOpenSsl(envelope, recipient));
        Assert.Equal(secret, OpenWithBouncyCastle(envelope, recipient));
    }

    [Fact]
    public async Task A_data_key_comes_as_ciphertext_and_as_envelope()
    {
        string key = await CreateKeyAsync();
        AmazonKeyManagementServiceClient appliance = Cloud.ClientOf(TestCloud.ApplianceCaller);
        using RSA recipient = RSA.Create(3072);
        GenerateDataKeyResponse made = await appliance.GenerateDataKeyAsync(
            new GenerateDataKeyRequest { KeyId = key, KeySpec = DataKeySpec.AES_256, Recipient = Cloud.Attest(recipient, (4, s_pcr4)) });
        Assert.Null(made.Plaintext);
        DecryptResponse again = await appliance.DecryptAsync(new DecryptRequest { CiphertextBlob = made.CiphertextBlob, Recipient = Cloud.Attest(recipient, (4, s_pcr4)) });
        byte[] dataKey = OpenWithBouncyCastle(made.CiphertextForRecipient.ToArray(), recipient);
        Assert.Equal(32, dataKey.Length);
        Assert.Equal(dataKey, OpenWithBouncyCastle(again.CiphertextForRecipient.ToArray(), recipient));
    }

    [Fact]
    public async Task A_data_key_pair_comes_as_ciphertext_and_as_envelope()
    {
        string key = await CreateKeyAsync();
        AmazonKeyManagementServiceClient appliance = Cloud.ClientOf(TestCloud.ApplianceCaller);
        using RSA recipient = RSA.Create(2048);
        GenerateDataKeyPairResponse made = await appliance.GenerateDataKeyPairAsync(
            new GenerateDataKeyPairRequest { KeyId = key, KeyPairSpec = DataKeyPairSpec.RSA_2048, Recipient = Cloud.Attest(recipient, (4, s_pcr4)) });
        Assert.Null(made.PrivateKeyPlaintext);
        using RSA pair = RSA.Create();
        pair.ImportPkcs8PrivateKey(OpenWithOpenSsl(made.CiphertextForRecipient.ToArray(), recipient), out _);
        Assert.Equal(made.PublicKey.ToArray(), pair.ExportSubjectPublicKeyInfo());
        DecryptResponse again = await appliance.DecryptAsync(new DecryptRequest { CiphertextBlob = made.PrivateKeyCiphertextBlob, Recipient = Cloud.Attest(recipient, (4, s_pcr4)) });
        Assert.Equal(pair.ExportPkcs8PrivateKey(), OpenWithBouncyCastle(again.CiphertextForRecipient.ToArray(), recipient));
        await RefusedAsync(() => appliance.GenerateDataKeyPairAsync(new GenerateDataKeyPairRequest { KeyId = key, KeyPairSpec = DataKeyPairSpec.ECC_NIST_P256 }));
    }

    [Fact]
    public async Task A_shared_secret_is_the_one_that_the_other_side_has()
    {
        string key = (await Cloud.ClientOf(TestCloud.CustodianCaller).CreateKeyAsync(
            new CreateKeyRequest { Policy = s_policy, KeySpec = KeySpec.ECC_NIST_P384, KeyUsage = KeyUsageType.KEY_AGREEMENT })).KeyMetadata.Arn;
        AmazonKeyManagementServiceClient appliance = Cloud.ClientOf(TestCloud.ApplianceCaller);
        using RSA recipient = RSA.Create(2048);
        using ECDiffieHellman other = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP384);
        DeriveSharedSecretRequest request = new()
        {
            KeyId = key, KeyAgreementAlgorithm = KeyAgreementAlgorithmSpec.ECDH, PublicKey = new(other.ExportSubjectPublicKeyInfo()), Recipient = Cloud.Attest(recipient, (4, s_pcr4)),
        };
        DeriveSharedSecretResponse made = await appliance.DeriveSharedSecretAsync(request);
        Assert.Null(made.SharedSecret);
        using ECDiffieHellman own = ECDiffieHellman.Create();
        own.ImportSubjectPublicKeyInfo(Cloud.Service.Keys.Single(one => one.Arn == key).Material.ExportPublicKey(), out _);
        Assert.Equal(other.DeriveRawSecretAgreement(own.PublicKey), OpenWithBouncyCastle(made.CiphertextForRecipient.ToArray(), recipient));
        await RefusedAsync(() => appliance.DeriveSharedSecretAsync(new() { KeyId = key, KeyAgreementAlgorithm = KeyAgreementAlgorithmSpec.ECDH, PublicKey = new(other.ExportSubjectPublicKeyInfo()) }));
        using ECDiffieHellman elsewhere = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        request.PublicKey = new(elsewhere.ExportSubjectPublicKeyInfo());
        request.Recipient = Cloud.Attest(recipient, (4, s_pcr4));
        Assert.Equal("ValidationException", (await Assert.ThrowsAsync<AmazonKeyManagementServiceException>(() => appliance.DeriveSharedSecretAsync(request))).ErrorCode);
    }

    private static async Task RefusedAsync(Func<Task> call) =>
        Assert.Equal("AccessDeniedException", (await Assert.ThrowsAsync<AmazonKeyManagementServiceException>(call)).ErrorCode);

    [Fact]
    public async Task Random_bytes_come_in_an_envelope()
    {
        using RSA recipient = RSA.Create(2048);
        GenerateRandomResponse answer = await Cloud.ClientOf(TestCloud.ApplianceCaller).GenerateRandomAsync(
            new GenerateRandomRequest { NumberOfBytes = 100, Recipient = Cloud.Attest(recipient) });
        Assert.Equal(100, OpenWithBouncyCastle(answer.CiphertextForRecipient.ToArray(), recipient).Length);
    }

    [Theory]
    [InlineData("another image")]
    [InlineData("no document")]
    [InlineData("another role")]
    public async Task Nobody_else_gets_it(string what)
    {
        string key = await CreateKeyAsync();
        using RSA recipient = RSA.Create(2048);
        GenerateDataKeyRequest request = new() { KeyId = key, KeySpec = DataKeySpec.AES_256, Recipient = Cloud.Attest(recipient, (4, s_pcr4)) };
        if (what == "another image")
        {
            request.Recipient = Cloud.Attest(recipient, (4, s_pcr4.Replace('0', '1')));
        }
        else if (what == "no document")
        {
            request.Recipient = null;
        }

        AmazonKeyManagementServiceException e = await Assert.ThrowsAsync<AmazonKeyManagementServiceException>(
            () => Cloud.ClientOf(what == "another role" ? TestCloud.Administrator : TestCloud.ApplianceCaller).GenerateDataKeyAsync(request));
        Assert.Equal(("AccessDeniedException", System.Net.HttpStatusCode.BadRequest), (e.ErrorCode, e.StatusCode));
        Assert.Contains("is not authorized to perform: kms:GenerateDataKey", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a foreign root", "no trusted root")]
    [InlineData("a changed register", "signature is wrong")]
    [InlineData("no public key", "no public key")]
    [InlineData("an EC key", "no RSA key")]
    [InlineData("rubbish", "cannot be read")]
    public async Task A_document_that_does_not_verify_is_refused(string what, string why)
    {
        string key = await CreateKeyAsync();
        using RSA recipient = RSA.Create(2048);
        using ECDsa elliptic = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] spki = recipient.ExportSubjectPublicKeyInfo();
        byte[] document = what switch
        {
            "a foreign root" => Cloud.Document(spki, new NitroPki(), (4, s_pcr4)),
            "no public key" => Cloud.Document(null, Cloud.Pki, (4, s_pcr4)),
            "an EC key" => Cloud.Document(elliptic.ExportSubjectPublicKeyInfo(), Cloud.Pki, (4, s_pcr4)),
            "rubbish" => [1, 2, 3],
            _ => Cloud.Document(spki, Cloud.Pki, (4, new string('a', 96))),
        };
        if (what == "a changed register")
        {
            int at = document.AsSpan().IndexOf(Convert.FromHexString(new string('a', 96)));
            Convert.FromHexString(s_pcr4).CopyTo(document, at);
        }

        AmazonKeyManagementServiceException e = await Assert.ThrowsAsync<AmazonKeyManagementServiceException>(() => Cloud.ClientOf(TestCloud.ApplianceCaller).GenerateDataKeyAsync(
            new GenerateDataKeyRequest { KeyId = key, KeySpec = DataKeySpec.AES_256, Recipient = new() { AttestationDocument = new(document), KeyEncryptionAlgorithm = KeyEncryptionMechanism.RSAES_OAEP_SHA_256 } }));
        Assert.Equal("ValidationException", e.ErrorCode);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    /// <summary>The vector is what KMS sent to somebody: element by element, the same structure.</summary>
    [Fact]
    public void The_envelope_has_the_structure_of_a_real_one()
    {
        string real = Repository.SharedVector("kms/ciphertext-for-recipient.ber");
        using RSA recipient = RSA.Create(2048);
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["ours"], RecipientEnvelope.Seal(recipient.ExportSubjectPublicKeyInfo(), new byte[32]));
        string Structure(string file) => Values().Replace(Oracle.Succeed("openssl", "asn1parse", "-inform", "DER", "-in", file), "");
        Assert.Equal(Structure(real), Structure(folder["ours"]));
        Assert.Equal(new FileInfo(real).Length, new FileInfo(folder["ours"]).Length);
    }

    [GeneratedRegex(@"\[HEX DUMP\]:\w+")]
    private static partial Regex Values();

    private static byte[] OpenWithOpenSsl(byte[] envelope, RSA key)
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["envelope"], envelope);
        File.WriteAllBytes(folder["key"], key.ExportPkcs8PrivateKey());
        Oracle.Succeed("openssl", "cms", "-decrypt", "-inform", "DER", "-in", folder["envelope"], "-inkey", folder["key"], "-keyform", "DER", "-binary", "-out", folder["plain"]);
        return File.ReadAllBytes(folder["plain"]);
    }

    private static byte[] OpenWithBouncyCastle(byte[] envelope, RSA key)
    {
        KeyTransRecipientInformation recipient = Assert.IsType<KeyTransRecipientInformation>(Assert.Single(new CmsEnvelopedData(envelope).GetRecipientInfos().GetRecipients()));
        Assert.Equal("1.2.840.113549.1.1.7", recipient.KeyEncryptionAlgOid);
        Assert.Equal(SHA256.HashData(key.ExportSubjectPublicKeyInfo()), recipient.RecipientID.SubjectKeyIdentifier[^32..]);
        return recipient.GetContent(PrivateKeyFactory.CreateKey(key.ExportPkcs8PrivateKey()));
    }
}
