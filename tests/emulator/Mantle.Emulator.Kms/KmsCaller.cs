using Mantle.Emulator.Aws;
using Mantle.Emulator.Kms.Iam;

namespace Mantle.Emulator.Kms;

/// <summary>Somebody with credentials: what STS and IAM would know.</summary>
public sealed class KmsCaller : IAwsCaller
{
    /// <param name="principal">An ARN: a role (for its session), a session, a user or an account's root.</param>
    /// <param name="identityPolicies">JSON; none for a role that has only what key policies give it.</param>
    public KmsCaller(string principal, params string[] identityPolicies)
    {
        Principal = IamPrincipal.Of(principal);
        Attachments = new() { Identity = [.. identityPolicies.Select(text => IamPolicy.Parse(text))] };
        string name = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(principal)))[..16];
        AccessKeyId = "AKIA" + name;
        SecretKey = "test-secret-of-" + name;
    }

    public IamPrincipal Principal { get; }

    public IamAttachments Attachments { get; init; }

    public string AccessKeyId { get; init; }

    public string SecretKey { get; init; }

    /// <summary>What the request must carry as X-Amz-Security-Token; null for long-term credentials.</summary>
    public string? SessionToken { get; init; }

    /// <summary>From then on ExpiredTokenException.</summary>
    public DateTimeOffset Expires { get; set; } = DateTimeOffset.MaxValue;

    /// <summary>Context keys that the network decides, for example aws:SourceVpc.</summary>
    public Dictionary<string, string> Context { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>A caller whom IAM lets do everything that key policies leave to IAM.</summary>
    public static KmsCaller Administrator(string principal) => new(principal, IamPolicy.FullAccess);
}
