using System.Collections.Frozen;

namespace Mantle.Measure.KeyPolicy.Evaluation;

/// <summary>What an action gives whoever may do it.</summary>
public enum KmsEffect
{
    /// <summary>Plaintext or key material in the answer, sealed to the attested image when the request has an attestation document.</summary>
    AttestedPlaintext,

    /// <summary>Use of the key's secret in a way that no attestation can be asked for.</summary>
    UnattestedUse,

    /// <summary>A ciphertext under this key, of a plaintext that the caller chose or does not learn.</summary>
    Ciphertext,

    /// <summary>Another way to the key: grants, replicas, material of the caller's choice, tags that conditions look at.</summary>
    Bypass,

    /// <summary>The policy itself.</summary>
    PolicyChange,

    /// <summary>The key's life: deletion, material, state, rotation.</summary>
    Lifecycle,

    /// <summary>Names, descriptions.</summary>
    Management,

    /// <summary>Nothing secret.</summary>
    Read,
}

/// <summary>
/// An action of KMS on a key (Service Authorization Reference, "Actions, resources, and condition keys for AWS KMS"; KMS API Reference for cross-account use;
/// "Grant operations" of the KMS Developer Guide).
/// </summary>
/// <param name="Name">With the prefix, for example <c>kms:Decrypt</c>.</param>
/// <param name="Effect">What it gives.</param>
/// <param name="CrossAccount">Whether another account's principals can call it at all.</param>
/// <param name="Grantable">Whether a grant can give it.</param>
/// <param name="HasContext">Whether it takes an encryption context.</param>
public sealed record KmsAction(string Name, KmsEffect Effect, bool CrossAccount = false, bool Grantable = false, bool HasContext = false)
{
    /// <summary>Decrypt.</summary>
    public const string Decrypt = "kms:Decrypt";

    /// <summary>PutKeyPolicy.</summary>
    public const string PutKeyPolicy = "kms:PutKeyPolicy";

    /// <summary>CreateGrant.</summary>
    public const string CreateGrant = "kms:CreateGrant";

    /// <summary>ScheduleKeyDeletion.</summary>
    public const string ScheduleKeyDeletion = "kms:ScheduleKeyDeletion";

    /// <summary>ReEncryptFrom.</summary>
    public const string ReEncryptFrom = "kms:ReEncryptFrom";

    /// <summary>Every action on a key, by effect. GenerateRandom is none: it uses no key, so no key policy is asked.</summary>
    public static IReadOnlyList<KmsAction> All { get; } =
    [
        new(Decrypt, KmsEffect.AttestedPlaintext, CrossAccount: true, Grantable: true, HasContext: true),
        new("kms:GenerateDataKey", KmsEffect.AttestedPlaintext, true, true, true),
        new("kms:GenerateDataKeyPair", KmsEffect.AttestedPlaintext, true, true, true),
        new("kms:DeriveSharedSecret", KmsEffect.AttestedPlaintext, true, true),
        new(ReEncryptFrom, KmsEffect.UnattestedUse, true, true, true),
        new("kms:Sign", KmsEffect.UnattestedUse, true, true),
        new("kms:GenerateMac", KmsEffect.UnattestedUse, true, true),
        new("kms:Encrypt", KmsEffect.Ciphertext, true, true, true),
        new("kms:ReEncryptTo", KmsEffect.Ciphertext, true, true, true),
        new("kms:GenerateDataKeyWithoutPlaintext", KmsEffect.Ciphertext, true, true, true),
        new("kms:GenerateDataKeyPairWithoutPlaintext", KmsEffect.Ciphertext, true, true, true),
        new(CreateGrant, KmsEffect.Bypass, true, true),
        new("kms:GetParametersForImport", KmsEffect.Bypass),
        new("kms:ImportKeyMaterial", KmsEffect.Bypass),
        new("kms:ReplicateKey", KmsEffect.Bypass),
        new("kms:UpdatePrimaryRegion", KmsEffect.Bypass),
        new("kms:TagResource", KmsEffect.Bypass),
        new("kms:UntagResource", KmsEffect.Bypass),
        new(PutKeyPolicy, KmsEffect.PolicyChange),
        new(ScheduleKeyDeletion, KmsEffect.Lifecycle),
        new("kms:CancelKeyDeletion", KmsEffect.Lifecycle),
        new("kms:DeleteImportedKeyMaterial", KmsEffect.Lifecycle),
        new("kms:DisableKey", KmsEffect.Lifecycle),
        new("kms:EnableKey", KmsEffect.Lifecycle),
        new("kms:EnableKeyRotation", KmsEffect.Lifecycle),
        new("kms:DisableKeyRotation", KmsEffect.Lifecycle),
        new("kms:RotateKeyOnDemand", KmsEffect.Lifecycle),
        new("kms:CreateAlias", KmsEffect.Management),
        new("kms:UpdateAlias", KmsEffect.Management),
        new("kms:DeleteAlias", KmsEffect.Management),
        new("kms:UpdateKeyDescription", KmsEffect.Management),
        new("kms:RevokeGrant", KmsEffect.Management, true),
        new("kms:RetireGrant", KmsEffect.Management, true, true),
        new("kms:DescribeKey", KmsEffect.Read, true, true),
        new("kms:GetKeyPolicy", KmsEffect.Read),
        new("kms:GetKeyRotationStatus", KmsEffect.Read, true),
        new("kms:GetPublicKey", KmsEffect.Read, true, true),
        new("kms:ListGrants", KmsEffect.Read, true),
        new("kms:ListKeyPolicies", KmsEffect.Read),
        new("kms:ListKeyRotations", KmsEffect.Read),
        new("kms:ListResourceTags", KmsEffect.Read),
        new("kms:Verify", KmsEffect.Read, true, true),
        new("kms:VerifyMac", KmsEffect.Read, true, true),
    ];

    private static readonly FrozenDictionary<string, KmsAction> s_byName = All.ToFrozenDictionary(action => action.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a request can carry an attestation document.</summary>
    public bool IsAttestable => Effect == KmsEffect.AttestedPlaintext;

    /// <summary>Whether it gives plaintext or another use of the secret.</summary>
    public bool UsesSecret => Effect is KmsEffect.AttestedPlaintext or KmsEffect.UnattestedUse;

    /// <summary>The action of this name, or null.</summary>
    public static KmsAction? Find(string name) => s_byName.GetValueOrDefault(name);

    /// <summary>The names of all actions with one of these effects.</summary>
    public static IReadOnlyList<string> Named(params KmsEffect[] effects) => [.. All.Where(action => effects.Contains(action.Effect)).Select(action => action.Name)];
}
