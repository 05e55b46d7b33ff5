namespace Mantle.Emulator.Kms.Iam;

/// <summary>What is to be decided.</summary>
/// <param name="Principal">Who.</param>
/// <param name="Action">What, with the service's prefix.</param>
/// <param name="Resource">The key's ARN, or <c>*</c> for an action without a resource.</param>
/// <param name="Context">The context keys; letter case does not count.</param>
public sealed record IamRequest(IamPrincipal Principal, string Action, string Resource, IReadOnlyDictionary<string, string[]> Context);

/// <summary>The policies beside the key's own, as the caller's account and the organization have them.</summary>
public sealed record IamAttachments
{
    /// <summary>The caller's identity policies.</summary>
    public IReadOnlyList<IamPolicy> Identity { get; init; } = [];

    /// <summary>The caller's permissions boundary, or null.</summary>
    public IamPolicy? Boundary { get; init; }

    /// <summary>Session policies; empty when there is none.</summary>
    public IReadOnlyList<IamPolicy> Session { get; init; } = [];

    /// <summary>Service control policies over the caller's account beside FullAWSAccess.</summary>
    public IReadOnlyList<IamPolicy> ServiceControl { get; init; } = [];

    /// <summary>Resource control policies over the key's account beside RCPFullAWSAccess.</summary>
    public IReadOnlyList<IamPolicy> ResourceControl { get; init; } = [];
}
