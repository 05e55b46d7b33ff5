namespace Mantle.Kms.Tests.Signing;

/// <summary>The classes whose endpoint is named by this process's environment: one after the other, with one endpoint.</summary>
[CollectionDefinition(Name)]
public sealed class SigningCloudGroup : ICollectionFixture<SigningCloud>
{
    public const string Name = "signing cloud";
}
