using System.Security.Cryptography;
using System.Text.Json;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace Mantle.Kms.Tests.Endpoint;

/// <summary>Keys, policies, grants, names and signatures, as AWS's client sees them.</summary>
public sealed class OperationTests(CloudFixture fixture) : IClassFixture<CloudFixture>
{
    private TestCloud Cloud => fixture.Cloud;

    private AmazonKeyManagementServiceClient Client => Cloud.ClientOf(TestCloud.Administrator);

    private async Task<KeyMetadata> CreateAsync(Action<CreateKeyRequest>? change = null)
    {
        CreateKeyRequest request = new() { Description = "a key" };
        change?.Invoke(request);
        return (await Client.CreateKeyAsync(request)).KeyMetadata;
    }

    private static async Task<string> ErrorAsync(Func<Task> call) => (await Assert.ThrowsAnyAsync<AmazonKeyManagementServiceException>(call)).ErrorCode;

    [Fact]
    public async Task A_key_is_created_described_listed_and_named()
    {
        KeyMetadata key = await CreateAsync(request => request.Tags = [new() { TagKey = "stage", TagValue = "test" }]);
        Assert.Equal((TestCloud.Account, KeyState.Enabled, KeySpec.SYMMETRIC_DEFAULT), (key.AWSAccountId, key.KeyState, key.KeySpec));
        Assert.Equal(key.Arn, (await Client.DescribeKeyAsync(key.KeyId)).KeyMetadata.Arn);
        await Client.CreateAliasAsync("alias/named", key.KeyId);
        Assert.Equal("AlreadyExistsException", await ErrorAsync(() => Client.CreateAliasAsync("alias/named", key.KeyId)));
        Assert.Equal(key.Arn, (await Client.DescribeKeyAsync("alias/named")).KeyMetadata.Arn);
        KeyMetadata other = await CreateAsync();
        await Client.UpdateAliasAsync("alias/named", other.KeyId);
        Assert.Equal(other.KeyId, Assert.Single((await Client.ListAliasesAsync(new ListAliasesRequest { KeyId = other.KeyId })).Aliases).TargetKeyId);
        Assert.Equal("test", Assert.Single((await Client.ListResourceTagsAsync(new ListResourceTagsRequest { KeyId = key.KeyId })).Tags).TagValue);
        await Client.TagResourceAsync(new TagResourceRequest { KeyId = key.KeyId, Tags = [new() { TagKey = "b", TagValue = "c" }] });
        Assert.Equal(2, (await Client.ListResourceTagsAsync(new ListResourceTagsRequest { KeyId = key.KeyId })).Tags.Count);
        Assert.Equal("NotFoundException", await ErrorAsync(() => Client.DescribeKeyAsync("alias/nothing")));
    }

    [Fact]
    public async Task Lists_come_in_pages()
    {
        HashSet<string> made = [];
        for (int i = 0; i < 5; i++)
        {
            made.Add((await CreateAsync()).Arn);
        }

        HashSet<string> listed = [];
        string? marker = null;
        do
        {
            ListKeysResponse page = await Client.ListKeysAsync(new ListKeysRequest { Limit = 2, Marker = marker });
            Assert.InRange(page.Keys.Count, 1, 2);
            listed.UnionWith(page.Keys.Select(key => key.KeyArn));
            marker = page.Truncated == true ? page.NextMarker : null;
        }
        while (marker is not null);
        Assert.Subset(listed, made);
    }

    [Fact]
    public async Task A_policy_comes_back_with_the_same_meaning_and_another_text()
    {
        KeyMetadata key = await CreateAsync();
        string put = """
            {"Statement":{"Action":["kms:*","kms:Decrypt"],"Effect":"Allow","Principal":"*","Resource":["*"],"Condition":{"StringEquals":{"aws:PrincipalAccount":["111122223333"]}}},"Version":"2012-10-17"}
            """;
        await Client.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = key.KeyId, Policy = put });
        string kept = (await Client.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = key.KeyId })).Policy;
        JsonElement statement = JsonDocument.Parse(kept).RootElement.GetProperty("Statement")[0];
        Assert.Equal("*", statement.GetProperty("Principal").GetProperty("AWS").GetString());
        Assert.Equal("*", statement.GetProperty("Resource").GetString());
        Assert.Equal("default", Assert.Single((await Client.ListKeyPoliciesAsync(new ListKeyPoliciesRequest { KeyId = key.KeyId })).PolicyNames));
    }

    [Theory]
    [InlineData("{", "MalformedPolicyDocumentException")]
    [InlineData("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/custodian"},"Action":"kms:*","Resource":"*"}]}""", "MalformedPolicyDocumentException")]
    [InlineData("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"custodian"},"Action":"kms:*","Resource":"*"}]}""", "MalformedPolicyDocumentException")]
    public async Task A_policy_that_locks_its_author_out_or_is_none_is_refused(string policy, string error)
    {
        KeyMetadata key = await CreateAsync();
        Assert.Equal(error, await ErrorAsync(() => Client.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = key.KeyId, Policy = policy })));
    }

    [Fact]
    public async Task A_policy_over_the_limit_is_refused_and_the_bypass_lets_a_lockout_through()
    {
        KeyMetadata key = await CreateAsync();
        string sealedPolicy = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:DescribeKey","Resource":"*"}]}""";
        Assert.Equal("LimitExceededException", await ErrorAsync(() => Client.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = key.KeyId, Policy = sealedPolicy + new string(' ', 32_768) })));
        await Client.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = key.KeyId, Policy = sealedPolicy, BypassPolicyLockoutSafetyCheck = true });
        Assert.Equal("AccessDeniedException", await ErrorAsync(() => Client.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = key.KeyId })));
    }

    [Fact]
    public async Task A_grant_opens_the_key_until_it_is_revoked()
    {
        KeyMetadata key = await CreateAsync();
        AmazonKeyManagementServiceClient appliance = Cloud.ClientOf(TestCloud.ApplianceCaller);
        EncryptRequest encrypt = new() { KeyId = key.Arn, Plaintext = new([1]), EncryptionContext = new() { ["a"] = "b" } };
        Assert.Equal("AccessDeniedException", await ErrorAsync(() => appliance.EncryptAsync(encrypt)));
        CreateGrantResponse grant = await Client.CreateGrantAsync(new CreateGrantRequest
        {
            KeyId = key.KeyId, GranteePrincipal = TestCloud.Appliance, Operations = ["Encrypt"], Constraints = new() { EncryptionContextEquals = new() { ["a"] = "b" } },
        });
        await appliance.EncryptAsync(encrypt);
        encrypt.EncryptionContext["c"] = "d";
        Assert.Equal("AccessDeniedException", await ErrorAsync(() => appliance.EncryptAsync(encrypt)));
        GrantListEntry listed = Assert.Single((await Client.ListGrantsAsync(new ListGrantsRequest { KeyId = key.KeyId })).Grants);
        Assert.Equal((grant.GrantId, TestCloud.Appliance, "b"), (listed.GrantId, listed.GranteePrincipal, listed.Constraints.EncryptionContextEquals["a"]));
        await Client.RevokeGrantAsync(new RevokeGrantRequest { KeyId = key.KeyId, GrantId = grant.GrantId });
        encrypt.EncryptionContext.Remove("c");
        Assert.Equal("AccessDeniedException", await ErrorAsync(() => appliance.EncryptAsync(encrypt)));
    }

    [Fact]
    public async Task A_key_pending_deletion_does_nothing_until_it_is_cancelled_and_enabled()
    {
        KeyMetadata key = await CreateAsync();
        ScheduleKeyDeletionResponse scheduled = await Client.ScheduleKeyDeletionAsync(key.KeyId, 7);
        Assert.Equal(KeyState.PendingDeletion, scheduled.KeyState);
        EncryptRequest encrypt = new() { KeyId = key.Arn, Plaintext = new([1]) };
        Assert.Equal("KMSInvalidStateException", await ErrorAsync(() => Client.EncryptAsync(encrypt)));
        Assert.Equal("KMSInvalidStateException", await ErrorAsync(() => Client.CreateAliasAsync("alias/dying", key.KeyId)));
        Assert.NotNull((await Client.DescribeKeyAsync(key.KeyId)).KeyMetadata.DeletionDate);
        await Client.CancelKeyDeletionAsync(key.KeyId);
        Assert.Equal("DisabledException", await ErrorAsync(() => Client.EncryptAsync(encrypt)));
        await Client.EnableKeyAsync(key.KeyId);
        await Client.EncryptAsync(encrypt);
    }

    [Fact]
    public async Task Rotation_replicas_and_regions()
    {
        KeyMetadata key = await CreateAsync(request => request.MultiRegion = true);
        Assert.False((await Client.GetKeyRotationStatusAsync(new GetKeyRotationStatusRequest { KeyId = key.KeyId })).KeyRotationEnabled);
        await Client.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = key.KeyId, RotationPeriodInDays = 180 });
        Assert.Equal(180, (await Client.GetKeyRotationStatusAsync(new GetKeyRotationStatusRequest { KeyId = key.KeyId })).RotationPeriodInDays);
        await Client.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = key.KeyId, ReplicaRegion = "eu-west-1" });
        Assert.Equal("eu-west-1", Assert.Single((await Client.DescribeKeyAsync(key.KeyId)).KeyMetadata.MultiRegionConfiguration.ReplicaKeys).Region);
        MultiRegionConfiguration there = (await Cloud.ClientOf(TestCloud.Administrator, "eu-west-1").DescribeKeyAsync(key.KeyId)).KeyMetadata.MultiRegionConfiguration;
        Assert.Equal((MultiRegionKeyType.REPLICA, key.Arn), (there.MultiRegionKeyType, there.PrimaryKey.Arn));
        Assert.Equal("NotFoundException", await ErrorAsync(() => Cloud.ClientOf(TestCloud.Administrator, "us-east-1").DescribeKeyAsync(key.KeyId)));
    }

    [Fact]
    public async Task A_ciphertext_is_bound_to_its_context_and_can_move_to_another_key()
    {
        KeyMetadata one = await CreateAsync(), two = await CreateAsync();
        Dictionary<string, string> context = new() { ["volume"] = "weights" };
        GenerateDataKeyWithoutPlaintextResponse made = await Client.GenerateDataKeyWithoutPlaintextAsync(
            new GenerateDataKeyWithoutPlaintextRequest { KeyId = one.KeyId, KeySpec = DataKeySpec.AES_256, EncryptionContext = context });
        Assert.Equal("InvalidCiphertextException", await ErrorAsync(() => Client.DecryptAsync(new DecryptRequest { CiphertextBlob = made.CiphertextBlob })));
        Assert.Equal("IncorrectKeyException", await ErrorAsync(() => Client.DecryptAsync(new DecryptRequest { CiphertextBlob = made.CiphertextBlob, EncryptionContext = context, KeyId = two.KeyId })));
        DecryptResponse first = await Client.DecryptAsync(new DecryptRequest { CiphertextBlob = made.CiphertextBlob, EncryptionContext = context });
        ReEncryptResponse moved = await Client.ReEncryptAsync(new ReEncryptRequest { CiphertextBlob = made.CiphertextBlob, SourceEncryptionContext = context, DestinationKeyId = two.KeyId });
        DecryptResponse second = await Client.DecryptAsync(new DecryptRequest { CiphertextBlob = moved.CiphertextBlob });
        Assert.Equal(first.Plaintext.ToArray(), second.Plaintext.ToArray());
        Assert.Equal(two.Arn, second.KeyId);
    }

    [Theory]
    [InlineData("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256")]
    [InlineData("RSA_2048", "RSASSA_PSS_SHA_384")]
    [InlineData("ECC_NIST_P256", "ECDSA_SHA_256")]
    [InlineData("ECC_NIST_P384", "ECDSA_SHA_384")]
    [InlineData("ECC_NIST_P521", "ECDSA_SHA_512")]
    public async Task A_signature_verifies_with_the_public_key(string spec, string algorithm)
    {
        KeyMetadata key = await CreateAsync(request => (request.KeySpec, request.KeyUsage) = (spec, KeyUsageType.SIGN_VERIFY));
        byte[] message = "release statement"u8.ToArray();
        HashAlgorithmName hash = new("SHA" + algorithm[^3..]);
        byte[] digest = CryptographicOperations.HashData(hash, message);
        byte[] signature = (await Client.SignAsync(new SignRequest { KeyId = key.KeyId, Message = new(digest), MessageType = MessageType.DIGEST, SigningAlgorithm = algorithm })).Signature.ToArray();
        byte[] spki = (await Client.GetPublicKeyAsync(new GetPublicKeyRequest { KeyId = key.KeyId })).PublicKey.ToArray();
        if (spec.StartsWith("RSA", StringComparison.Ordinal))
        {
            using RSA rsa = RSA.Create();
            rsa.ImportSubjectPublicKeyInfo(spki, out _);
            Assert.True(rsa.VerifyHash(digest, signature, hash, algorithm.Contains("PSS", StringComparison.Ordinal) ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1));
        }
        else
        {
            using ECDsa ecdsa = ECDsa.Create();
            ecdsa.ImportSubjectPublicKeyInfo(spki, out _);
            Assert.True(ecdsa.VerifyHash(digest, signature, DSASignatureFormat.Rfc3279DerSequence));
        }

        Assert.True((await Client.VerifyAsync(new VerifyRequest { KeyId = key.KeyId, Message = new(message), Signature = new(signature), SigningAlgorithm = algorithm })).SignatureValid);
    }
}
