namespace Mantle.Measure.KeyPolicy.Plans;

/// <summary>What a plan can let an administrator do. None of them reads a secret.</summary>
/// <param name="Name">The word in a plan.</param>
/// <param name="Actions">The actions behind it.</param>
/// <param name="LastPhase">The last phase that has it.</param>
public sealed record AdministratorRight(string Name, IReadOnlyList<string> Actions, PlanPhase LastPhase = PlanPhase.Sealed)
{
    /// <summary>Replace the policy.</summary>
    public const string ReplacePolicy = "replace-policy";

    /// <summary>Encrypt for the appliance.</summary>
    public const string Encrypt = "encrypt";

    /// <summary>All, in the order in which a policy lists their actions.</summary>
    public static IReadOnlyList<AdministratorRight> All { get; } =
    [
        new("read", ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:GetPublicKey", "kms:ListGrants", "kms:ListKeyPolicies", "kms:ListKeyRotations", "kms:ListResourceTags"]),
        new(ReplacePolicy, ["kms:PutKeyPolicy"], PlanPhase.Final),
        new(Encrypt, ["kms:Encrypt"]),
        new("rotate", ["kms:EnableKeyRotation", "kms:RotateKeyOnDemand"]),
        new("disable", ["kms:DisableKey", "kms:EnableKey"]),
        new("schedule-deletion", ["kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion"]),
        new("revoke-grants", ["kms:RevokeGrant"]),
        new("manage-aliases", ["kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"]),
        new("tag", ["kms:TagResource", "kms:UntagResource"], PlanPhase.Bootstrap),
    ];

    /// <summary>The right of this name, or null.</summary>
    public static AdministratorRight? Find(string name) => All.FirstOrDefault(right => right.Name == name);

    /// <summary>Whether a policy of this phase gives it.</summary>
    public bool IsAllowedIn(PlanPhase phase) => phase <= LastPhase;
}
