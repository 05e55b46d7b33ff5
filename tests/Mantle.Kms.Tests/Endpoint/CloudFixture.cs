namespace Mantle.Kms.Tests.Endpoint;

/// <summary>One endpoint for the tests of a class; each test makes keys of its own.</summary>
public sealed class CloudFixture : IAsyncLifetime
{
    public TestCloud Cloud { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Cloud = await TestCloud.StartAsync();

    public ValueTask DisposeAsync() => Cloud.DisposeAsync();
}
