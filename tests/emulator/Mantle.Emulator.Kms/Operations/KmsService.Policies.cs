using System.Text;
using System.Text.Json.Nodes;
using Mantle.Emulator.Kms.Iam;
using Mantle.Emulator.Kms.Keys;
using Mantle.Emulator.Kms.Operations;

namespace Mantle.Emulator.Kms;

/// <summary>Key policies.</summary>
public sealed partial class KmsService
{
    /// <summary>KMS Developer Guide, "Quotas": key policy document size.</summary>
    private const int MaximumPolicy = 32_768;

    private JsonObject GetKeyPolicy(KmsRequest request)
    {
        KmsKey key = Authorized(request, "GetKeyPolicy");
        RequirePolicyName(request);
        return new() { ["Policy"] = key.ReadPolicy(), ["PolicyName"] = "default" };
    }

    private JsonObject PutKeyPolicy(KmsRequest request)
    {
        request.Context["kms:BypassPolicyLockoutSafetyCheck"] = [request.Input.Flag("BypassPolicyLockoutSafetyCheck") ? "true" : "false"];
        KmsKey key = Authorized(request, "PutKeyPolicy");
        RequirePolicyName(request);
        string policy = request.Input.RequiredText("Policy");
        CheckPolicy(request, key, policy);
        key.SetPolicy(policy, StalePolicyReads);
        return [];
    }

    private JsonObject ListKeyPolicies(KmsRequest request)
    {
        Authorized(request, "ListKeyPolicies");
        return new() { ["PolicyNames"] = new JsonArray("default"), ["Truncated"] = false };
    }

    private static void RequirePolicyName(KmsRequest request)
    {
        if ((request.Input.Text("PolicyName") ?? "default") != "default")
        {
            throw new KmsErrorException("NotFoundException", "No such policy exists");
        }
    }

    /// <summary>What KMS looks at before it keeps a policy: size, grammar, principals, and whether the caller could put the next one.</summary>
    private void CheckPolicy(KmsRequest request, KmsKey key, string text)
    {
        if (Encoding.UTF8.GetByteCount(text) > MaximumPolicy)
        {
            throw new KmsErrorException("LimitExceededException", $"The key policy is larger than {MaximumPolicy} bytes.");
        }

        IamPolicy policy = IamPolicy.Parse(text, hasPrincipals: true);
        IEnumerable<string> named = policy.Statements.SelectMany(statement => statement.Principals!).Where(principal => principal.Kind == "AWS").Select(principal => principal.Value);
        if (named.Any(name => !IsPrincipal(name)))
        {
            throw KmsErrorException.MalformedPolicy("Policy contains a statement with one or more invalid principals.");
        }

        if (request.Input.Flag("BypassPolicyLockoutSafetyCheck"))
        {
            return;
        }

        request.Context["kms:BypassPolicyLockoutSafetyCheck"] = ["false"];
        if (!Decide(request, key, "PutKeyPolicy", policy).IsAllowed)
        {
            throw KmsErrorException.MalformedPolicy("The new key policy will not allow you to update the key policy in the future.");
        }
    }

    private bool IsPrincipal(string name)
    {
        if (name == "*" || (name.Length == 12 && name.All(char.IsAsciiDigit)))
        {
            return true;
        }

        // No wildcard is allowed within a name (IAM User Guide, "AWS JSON policy elements: Principal").
        string[] parts = name.Split(':');
        return parts.Length == 6 && parts[0] == "arn" && parts[2] is "iam" or "sts" && parts[4].Length == 12 && !name.Contains('*', StringComparison.Ordinal)
            && (parts[5] == "root" || PrincipalExists is null || PrincipalExists(name));
    }
}
