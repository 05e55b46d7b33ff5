using Amazon.KeyManagementService;
using Mantle.Emulator.Kms;

namespace Mantle.Kms.Tests.Signing;

/// <summary>An endpoint that the SDK finds by its own environment variables.</summary>
public sealed class SigningCloud : IAsyncLifetime
{
    /// <summary>The SDK's default. AWS_MAX_ATTEMPTS is read once a process, perhaps before a test could set it.</summary>
    public const int Attempts = 3;

    public TestCloud Cloud { get; private set; } = null!;

    public AmazonKeyManagementServiceClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Cloud = await TestCloud.StartAsync();
        KmsCaller caller = TestCloud.Administrator;
        Client = Cloud.ClientOf(caller);
        Environment.SetEnvironmentVariable("AWS_ENDPOINT_URL_KMS", Cloud.Endpoint.Url);
        Environment.SetEnvironmentVariable("AWS_REGION", TestCloud.Region);
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", caller.AccessKeyId);
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", caller.SecretKey);
        Environment.SetEnvironmentVariable("AWS_EC2_METADATA_DISABLED", "true");
    }

    public ValueTask DisposeAsync() => Cloud.DisposeAsync();
}
