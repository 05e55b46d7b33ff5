namespace Mantle.Unseal.Imds;

/// <summary>The credentials of the instance's role. They work for hours at most, and only where the key policy wants an attestation document besides.</summary>
internal sealed record RoleCredentials(string AccessKeyId, string SecretAccessKey, string Token)
{
    /// <summary>Nothing that a log could take.</summary>
    public override string ToString() => nameof(RoleCredentials);
}
