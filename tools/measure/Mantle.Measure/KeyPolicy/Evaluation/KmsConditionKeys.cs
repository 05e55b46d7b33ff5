namespace Mantle.Measure.KeyPolicy.Evaluation;

/// <summary>The condition keys of KMS itself (Service Authorization Reference, "Condition keys for AWS KMS"); a misspelt one is in no request.</summary>
internal static class KmsConditionKeys
{
    private static readonly HashSet<string> s_kmsKeys = new(StringComparer.OrdinalIgnoreCase)
    {
        "kms:BypassPolicyLockoutSafetyCheck", "kms:CallerAccount", "kms:CustomerMasterKeySpec", "kms:CustomerMasterKeyUsage", "kms:DataKeyPairSpec", "kms:EncryptionAlgorithm",
        "kms:EncryptionContextKeys", "kms:ExpirationModel", "kms:GrantConstraintType", "kms:GrantIsForAWSResource", "kms:GrantOperations", "kms:GranteePrincipal",
        "kms:KeyAgreementAlgorithm", "kms:KeyOrigin", "kms:KeySpec", "kms:KeyUsage", "kms:MacAlgorithm", "kms:MessageType", "kms:MultiRegion", "kms:MultiRegionKeyType",
        "kms:PrimaryRegion", "kms:ReEncryptOnSameKey", "kms:RecipientAttestation:ImageSha384", "kms:ReplicaRegion", "kms:RequestAlias", "kms:ResourceAliases",
        "kms:RetiringPrincipal", "kms:RotationPeriodInDays", "kms:ScheduleKeyDeletionPendingWindowInDays", "kms:SigningAlgorithm", "kms:ValidTo", "kms:ViaService",
        "kms:WrappingAlgorithm", "kms:WrappingKeySpec",
    };

    /// <summary>Whether KMS has the key.</summary>
    public static bool IsKnown(string key) =>
        s_kmsKeys.Contains(key) || AttestedPcrs.PcrOf(key) is not null || key.StartsWith("kms:EncryptionContext:", StringComparison.OrdinalIgnoreCase)
        || (key.StartsWith("kms:RecipientAttestation:PCR", StringComparison.OrdinalIgnoreCase) && int.TryParse(key.AsSpan("kms:RecipientAttestation:PCR".Length), out int pcr) && pcr is >= 0 and <= 31);
}
