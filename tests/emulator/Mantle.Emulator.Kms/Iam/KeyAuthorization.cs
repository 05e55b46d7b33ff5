namespace Mantle.Emulator.Kms.Iam;

/// <summary>The verdict, and what an AccessDeniedException says about it.</summary>
/// <param name="IsAllowed">Allowed.</param>
/// <param name="Reason">What allowed it, or the words behind "because".</param>
public sealed record IamVerdict(bool IsAllowed, string Reason)
{
    internal static IamVerdict Allow(string by) => new(true, by);

    internal static IamVerdict Deny(string because) => new(false, because);
}

/// <summary>
/// Decides who may do what with a key: explicit denies first, then organization, then key policy with identity policies, then grants
/// (IAM User Guide, "Policy evaluation logic"; KMS Developer Guide, "Troubleshooting AWS KMS permissions").
/// </summary>
public static class KeyAuthorization
{
    // KMS API Reference, "Cross-account use: Yes".
    private static readonly HashSet<string> s_crossAccount = new(StringComparer.OrdinalIgnoreCase)
    {
        "kms:CreateGrant", "kms:Decrypt", "kms:DeriveSharedSecret", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair",
        "kms:GenerateDataKeyPairWithoutPlaintext", "kms:GenerateDataKeyWithoutPlaintext", "kms:GenerateMac", "kms:GetKeyRotationStatus", "kms:GetPublicKey",
        "kms:ListGrants", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:RetireGrant", "kms:RevokeGrant", "kms:Sign", "kms:Verify", "kms:VerifyMac",
    };

    /// <summary>Decides a request about a key.</summary>
    /// <param name="keyPolicy">The key's policy.</param>
    /// <param name="keyAccount">The key's account.</param>
    /// <param name="grants">The key's grants.</param>
    /// <param name="attachments">Every other policy.</param>
    /// <param name="request">The request.</param>
    public static IamVerdict Decide(IamPolicy keyPolicy, string keyAccount, IReadOnlyList<KeyGrant> grants, IamAttachments attachments, IamRequest request)
    {
        IamPrincipal who = request.Principal;
        bool isService = who.Kind == IamPrincipalKind.Service, isSameAccount = who.Account == keyAccount;
        if (keyPolicy.Statements.Any(statement => !statement.Allow && IamMatch.DenyNames(statement, who) && IamMatch.Applies(statement, keyPolicy, request)))
        {
            return IamVerdict.Deny("with an explicit deny in a resource-based policy");
        }

        if (attachments.ResourceControl.Any(policy => policy.Statements.Any(statement =>
            !statement.Allow && IamMatch.DenyNames(statement, who) && IamMatch.Applies(statement, policy, request))))
        {
            return IamVerdict.Deny("with an explicit deny in a resource control policy");
        }

        if (!isService && FindDeny(attachments, request) is { } denied)
        {
            return denied;
        }

        if (!isService && !isSameAccount && !s_crossAccount.Contains(request.Action))
        {
            return IamVerdict.Deny("because the operation works within one account only");
        }

        IamNaming naming = keyPolicy.Statements.Where(statement => statement.Allow && IamMatch.Applies(statement, keyPolicy, request))
            .Select(statement => IamMatch.AllowNames(statement, who)).DefaultIfEmpty(IamNaming.No).Max();
        if (KeyPolicyAllows(naming, isService, isSameAccount, attachments, request) is { } by)
        {
            return IamVerdict.Allow(by);
        }

        return grants.Any(grant => grant.Covers(request, () => IdentityAllows(attachments, request))) ? IamVerdict.Allow("a grant")
            : IamVerdict.Deny(naming == IamNaming.No
                ? $"because no resource-based policy allows the {request.Action} action"
                : $"because no identity-based policy allows the {request.Action} action");
    }

    /// <summary>Decides an action that has no key, for example CreateKey.</summary>
    public static IamVerdict DecideWithoutKey(IamAttachments attachments, IamRequest request) =>
        FindDeny(attachments, request)
        ?? (request.Principal.Kind == IamPrincipalKind.Account || IdentityAllows(attachments, request) ? IamVerdict.Allow("an identity policy")
            : IamVerdict.Deny($"because no identity-based policy allows the {request.Action} action"));

    private static IamVerdict? FindDeny(IamAttachments attachments, IamRequest request)
    {
        (string Kind, IEnumerable<IamPolicy> Policies)[] all =
        [
            ("a service control policy", attachments.ServiceControl),
            ("an identity-based policy", attachments.Identity),
            ("a permissions boundary", attachments.Boundary is null ? [] : [attachments.Boundary]),
            ("a session policy", attachments.Session),
        ];
        foreach ((string kind, IEnumerable<IamPolicy> policies) in all)
        {
            if (policies.Any(policy => policy.Statements.Any(statement => !statement.Allow && IamMatch.Applies(statement, policy, request))))
            {
                return IamVerdict.Deny($"with an explicit deny in {kind}");
            }
        }

        return null;
    }

    private static string? KeyPolicyAllows(IamNaming naming, bool isService, bool isSameAccount, IamAttachments attachments, IamRequest request)
    {
        if (naming == IamNaming.No)
        {
            return null;
        }

        if (isService)
        {
            return "the key policy";
        }

        bool isRootUser = request.Principal.Kind == IamPrincipalKind.Account;
        if (!isSameAccount)
        {
            return isRootUser || IdentityAllows(attachments, request) ? "the key policy and an identity policy" : null;
        }

        return naming switch
        {
            IamNaming.Account => isRootUser || IdentityAllows(attachments, request) ? "the key policy through an identity policy" : null,
            // A boundary or a session policy limits what is given to a role, not what is given to the session or the user itself.
            IamNaming.Role => LimitsAllow(attachments, request) ? "the key policy" : null,
            _ => "the key policy",
        };
    }

    private static bool IdentityAllows(IamAttachments attachments, IamRequest request) =>
        attachments.Identity.Any(policy => Allows(policy, request)) && LimitsAllow(attachments, request);

    private static bool LimitsAllow(IamAttachments attachments, IamRequest request) =>
        (attachments.Boundary is null || Allows(attachments.Boundary, request))
        && (attachments.Session.Count == 0 || attachments.Session.Any(policy => Allows(policy, request)));

    private static bool Allows(IamPolicy policy, IamRequest request) => policy.Statements.Any(statement => statement.Allow && IamMatch.Applies(statement, policy, request));
}
