using System.Net;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using Mantle.Emulator.Kms;
using Mantle.Emulator.Kms.Wire;

namespace Mantle.Kms.Tests.Endpoint;

/// <summary>Signatures that are wrong, and everything that a test can order to go wrong.</summary>
public sealed class TroubleTests
{
    private static readonly ListKeysRequest s_list = new();

    private static async Task<AmazonKeyManagementServiceException> ErrorAsync(AmazonKeyManagementServiceClient client) =>
        await Assert.ThrowsAnyAsync<AmazonKeyManagementServiceException>(() => client.ListKeysAsync(s_list));

    [Fact]
    public async Task Signatures_are_checked()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Assert.Equal("InvalidSignatureException", (await ErrorAsync(cloud.ClientOf(TestCloud.Administrator, secret: "wrong"))).ErrorCode);
        Assert.Equal("UnrecognizedClientException", (await ErrorAsync(cloud.ClientOf(new KmsCaller("arn:aws:iam::111122223333:role/unknown")))).ErrorCode);
        using HttpClient plain = new();
        using StringContent body = new("{}");
        HttpResponseMessage answer = await plain.PostAsync(new Uri(cloud.Endpoint.Url), body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("MissingAuthenticationTokenException", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Expired_credentials_are_refused()
    {
        KmsCaller caller = KmsCaller.Administrator("arn:aws:iam::111122223333:role/late");
        caller.Expires = DateTimeOffset.UnixEpoch;
        await using KmsEndpoint endpoint = await KmsEndpoint.StartAsync(new() { Callers = [caller] });
        using AmazonKeyManagementServiceClient client = new(
            new BasicAWSCredentials(caller.AccessKeyId, caller.SecretKey),
            new AmazonKeyManagementServiceConfig { ServiceURL = endpoint.Url, AuthenticationRegion = "eu-central-1", MaxErrorRetry = 0 });
        Assert.Equal("ExpiredTokenException", (await ErrorAsync(client)).ErrorCode);
    }

    [Fact]
    public async Task Faults_are_used_up_in_order()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        AmazonKeyManagementServiceClient client = cloud.ClientOf(TestCloud.Administrator);
        KmsFaults faults = cloud.Endpoint.Faults;
        faults.Add(KmsFault.Throttle("ListKeys"));
        faults.Add(KmsFault.Internal("ListKeys"));
        faults.Add(KmsFault.Denied(null));
        faults.Add(new() { Operation = "CreateKey", CutsAfter = true });
        AmazonKeyManagementServiceException throttled = await ErrorAsync(client);
        Assert.Equal(("ThrottlingException", HttpStatusCode.BadRequest), (throttled.ErrorCode, throttled.StatusCode));
        Assert.Equal(HttpStatusCode.InternalServerError, Assert.IsType<KMSInternalException>(await ErrorAsync(client)).StatusCode);
        Assert.Equal("AccessDeniedException", (await ErrorAsync(client)).ErrorCode);
        await Assert.ThrowsAnyAsync<Exception>(() => client.CreateKeyAsync(new CreateKeyRequest()));
        Assert.Single(cloud.Service.Keys);
        Assert.Single((await client.ListKeysAsync(s_list)).Keys);
        Assert.Equal(0, faults.Count);
        Assert.Equal(["ThrottlingException", "KMSInternalException", "AccessDeniedException", null, null], cloud.Endpoint.Calls.Select(call => call.Error));
    }

    [Fact]
    public async Task A_policy_may_be_read_back_as_it_was_before_it_was_put()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        AmazonKeyManagementServiceClient client = cloud.ClientOf(TestCloud.Administrator);
        string key = (await client.CreateKeyAsync(new CreateKeyRequest())).KeyMetadata.KeyId;
        GetKeyPolicyRequest get = new() { KeyId = key };
        string before = (await client.GetKeyPolicyAsync(get)).Policy;
        cloud.Service.StalePolicyReads = 2;
        await client.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = key, Policy = before.Replace("key-default-1", "key-default-2", StringComparison.Ordinal) });
        Assert.Equal(before, (await client.GetKeyPolicyAsync(get)).Policy);
        Assert.Equal(before, (await client.GetKeyPolicyAsync(get)).Policy);
        Assert.Contains("key-default-2", (await client.GetKeyPolicyAsync(get)).Policy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_principal_in_a_policy_is_refused_until_it_is_there()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        int asked = 0;
        cloud.Service.PrincipalExists = _ => ++asked > 1;
        CreateKeyRequest request = new()
        {
            Policy = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/administrator"},"Action":"kms:*","Resource":"*"}]}""",
        };
        AmazonKeyManagementServiceClient client = cloud.ClientOf(TestCloud.Administrator);
        Assert.Contains("invalid principals", (await Assert.ThrowsAsync<MalformedPolicyDocumentException>(() => client.CreateKeyAsync(request))).Message, StringComparison.Ordinal);
        await client.CreateKeyAsync(request);
    }
}
