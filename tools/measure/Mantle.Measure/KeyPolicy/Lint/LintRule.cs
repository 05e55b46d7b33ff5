namespace Mantle.Measure.KeyPolicy.Lint;

/// <summary>How bad a finding is.</summary>
public enum LintSeverity
{
    /// <summary>Worth knowing; nothing is exposed by it.</summary>
    Notice,

    /// <summary>One more mistake exposes the key, or the policy does not do what it seems to.</summary>
    Warning,

    /// <summary>The key, or the policy that guards it, is exposed.</summary>
    Error,
}

/// <summary>What a linter looks for.</summary>
/// <param name="Id">For example <c>KP-001</c>; never given to another rule.</param>
/// <param name="Severity">Of a finding whose request is allowed as the policy stands.</param>
/// <param name="Title">What is wrong, lower case, no final period.</param>
/// <param name="Fix">What to write instead.</param>
public sealed record LintRule(string Id, LintSeverity Severity, string Title, string Fix);

/// <summary>All rules, by number. docs/key-policy.md has the same table.</summary>
public static class LintRules
{
    private const string BindAll = "bind kms:RecipientAttestation:NitroTPMPCR4, 7, 12 and 13 together with StringEqualsIgnoreCase in one statement per release";
    private const string Plain = "use StringEqualsIgnoreCase without prefix and suffix";

    internal static LintRule Unattested { get; } = new("KP-001", LintSeverity.Error, "gives plaintext without attestation", BindAll);
    internal static LintRule AnyPrincipal { get; } = new("KP-002", LintSeverity.Error, "lets every principal of every account in", "name the roles of the instances");
    internal static LintRule RootDelegation { get; } = new("KP-003", LintSeverity.Error, "leaves plaintext to the account's identity policies, which its administrators write", "take the statement for the account's root out, or give it harmless actions only");
    internal static LintRule AllActions { get; } = new("KP-004", LintSeverity.Error, "allows every action", "name the actions");
    internal static LintRule ActionWildcard { get; } = new("KP-005", LintSeverity.Warning, "an action pattern covers more than its words say", "name the actions");
    internal static LintRule MissingPcr4 { get; } = new("KP-006", LintSeverity.Error, "does not bind PCR 4: any boot file is accepted", BindAll);
    internal static LintRule MissingPcr12 { get; } = new("KP-007", LintSeverity.Error, "does not bind PCR 12: the command line can be added to", "bind NitroTPMPCR12 to 96 zeros as well");
    internal static LintRule MissingPcr13 { get; } = new("KP-008", LintSeverity.Error, "does not bind PCR 13: a system extension can be added on the boot partition", "bind NitroTPMPCR13 to 96 zeros as well");
    internal static LintRule MissingPcr7 { get; } = new("KP-009", LintSeverity.Error, "does not bind PCR 7: the same boot file under another Secure Boot policy is accepted", "bind NitroTPMPCR7 as well");
    internal static LintRule Pcr4Alone { get; } = new("KP-010", LintSeverity.Error, "binds PCR 4 alone", BindAll);
    internal static LintRule IfExists { get; } = new("KP-011", LintSeverity.Error, "an IfExists condition on a PCR holds when there is no attestation document", Plain);
    internal static LintRule ForAllValues { get; } = new("KP-012", LintSeverity.Error, "a ForAllValues condition on a PCR holds when there is no attestation document", Plain);
    internal static LintRule NegatedAllow { get; } = new("KP-013", LintSeverity.Error, "a negated condition on a PCR in an Allow holds without a document and for every image but one", "list what is allowed, not what is not");
    internal static LintRule PcrWildcard { get; } = new("KP-014", LintSeverity.Error, "a wildcard matches PCR values of other images", "write the whole value with StringEqualsIgnoreCase");
    internal static LintRule UpperCase { get; } = new("KP-015", LintSeverity.Warning, "compares upper-case hexadecimal by letter case, so it never matches: KMS has lower case", "use StringEqualsIgnoreCase and lower case");
    internal static LintRule WrongLength { get; } = new("KP-016", LintSeverity.Warning, "a PCR value has not the 96 digits of SHA-384, so it never matches", "copy the value of bank sha384");
    internal static LintRule OtherBank { get; } = new("KP-017", LintSeverity.Warning, "a PCR value is of another bank, so it never matches", "take the value of bank sha384");
    internal static LintRule EnclaveKeys { get; } = new("KP-018", LintSeverity.Error, "uses the condition keys of Nitro Enclaves, which a NitroTPM document never has", "use kms:RecipientAttestation:NitroTPMPCR4, 7, 12 and 13");
    internal static LintRule UnknownKey { get; } = new("KP-019", LintSeverity.Warning, "a condition key that KMS does not have", "correct the key's name");
    internal static LintRule MixedGenerations { get; } = new("KP-020", LintSeverity.Error, "PCRs of one release pair with those of another", "write one statement for each release");
    internal static LintRule UnknownRelease { get; } = new("KP-021", LintSeverity.Error, "releases the key to an image that is no known release", "take the value out, or add the release's measurements");
    internal static LintRule DebugTwin { get; } = new("KP-022", LintSeverity.Error, "releases the key to a debug twin or another image that must never get it", "take the statement out");
    internal static LintRule Revoked { get; } = new("KP-023", LintSeverity.Error, "releases the key to a revoked release", "take the statement out");
    internal static LintRule Expired { get; } = new("KP-024", LintSeverity.Notice, "a statement's date has passed", "take the statement out");
    internal static LintRule CreateGrant { get; } = new("KP-025", LintSeverity.Error, "lets somebody make grants, which attestation does not bind", "do not allow kms:CreateGrant, and deny it");
    internal static LintRule Grant { get; } = new("KP-026", LintSeverity.Error, "a grant gives plaintext without attestation", "revoke the grant");
    internal static LintRule ReEncrypt { get; } = new("KP-027", LintSeverity.Error, "lets somebody re-encrypt to a key of their own and decrypt there", "do not allow kms:ReEncryptFrom, and deny it");
    internal static LintRule Replicate { get; } = new("KP-028", LintSeverity.Error, "lets somebody make a replica with a policy of its own", "do not allow kms:ReplicateKey and kms:UpdatePrimaryRegion, and deny them");
    internal static LintRule Import { get; } = new("KP-029", LintSeverity.Error, "lets somebody put in key material that they know", "do not allow the import actions, and deny them");
    internal static LintRule PolicyChange { get; } = new("KP-030", LintSeverity.Warning, "lets somebody replace the policy", "restrict kms:PutKeyPolicy to one role by an explicit deny, or seal the key");
    internal static LintRule PolicyChangeByAccount { get; } = new("KP-031", LintSeverity.Error, "every administrator of the account can replace the policy", "take the statement for the account's root out");
    internal static LintRule Tags { get; } = new("KP-032", LintSeverity.Warning, "lets somebody change the tags that conditions may look at", "do not allow kms:TagResource and kms:UntagResource, and deny them");
    internal static LintRule EarlyDeletion { get; } = new("KP-033", LintSeverity.Warning, "lets somebody destroy the key after 7 days or at once", "deny kms:ScheduleKeyDeletion with NumericLessThan kms:ScheduleKeyDeletionPendingWindowInDays 30, and kms:DeleteImportedKeyMaterial");
    internal static LintRule NotAction { get; } = new("KP-034", LintSeverity.Error, "NotAction in an Allow allows all the rest, and what AWS adds later", "name the actions");
    internal static LintRule NotPrincipalAllow { get; } = new("KP-035", LintSeverity.Error, "NotPrincipal in an Allow allows everybody else", "name the principals");
    internal static LintRule NotPrincipalDeny { get; } = new("KP-036", LintSeverity.Warning, "NotPrincipal in a Deny denies sessions of the role that it seems to leave out", "use Principal \"*\" with ArnNotEquals aws:PrincipalArn");
    internal static LintRule NotResource { get; } = new("KP-037", LintSeverity.Warning, "NotResource in a key policy applies to no key or to this one by accident", "use \"Resource\": \"*\"");
    internal static LintRule OtherResource { get; } = new("KP-038", LintSeverity.Warning, "Resource names another key, so the statement does nothing", "use \"Resource\": \"*\"");
    internal static LintRule ZeroPcr { get; } = new("KP-039", LintSeverity.Error, "accepts PCR 4 or 7 of zero: a machine that measured nothing", "bind the release's values");
    internal static LintRule UnstablePcr { get; } = new("KP-040", LintSeverity.Notice, "binds a PCR that differs between instances or firmware versions", "bind PCR 4, 7, 12 and 13 only");
    internal static LintRule NoNetUnattested { get; } = new("KP-041", LintSeverity.Warning, "nothing denies plaintext without attestation, so that a grant or one more statement gives it", "deny the plaintext actions with StringNotEqualsIgnoreCase on each PCR, one statement a PCR");
    internal static LintRule NoNetOtherImage { get; } = new("KP-042", LintSeverity.Warning, "nothing denies plaintext to other images, so that a grant or one more statement gives it", "deny the plaintext actions with StringNotEqualsIgnoreCase on each PCR, one statement a PCR");
    internal static LintRule NoNetPrincipal { get; } = new("KP-043", LintSeverity.Warning, "nothing denies plaintext to the same image in other hands", "deny the plaintext actions with ArnNotEquals aws:PrincipalArn");
    internal static LintRule NoNetBypass { get; } = new("KP-044", LintSeverity.Warning, "nothing denies a way around attestation", "deny the action to everyone");
    internal static LintRule NoNetPolicy { get; } = new("KP-045", LintSeverity.Warning, "nothing denies a change of the policy to others", "deny kms:PutKeyPolicy with ArnNotEquals aws:PrincipalArn, or to everyone");
    internal static LintRule NoNetCiphertext { get; } = new("KP-046", LintSeverity.Warning, "nothing denies others to plant ciphertexts that the image would trust", "deny kms:Encrypt and its like with ArnNotEquals aws:PrincipalArn, or to everyone");
    internal static LintRule OtherHands { get; } = new("KP-047", LintSeverity.Error, "gives plaintext to the same image in other hands: attestation proves code, not ownership", "name the roles of the instances");
    internal static LintRule Service { get; } = new("KP-048", LintSeverity.Error, "gives plaintext to an AWS service on somebody's behalf", "let no service use this key");
    internal static LintRule OldVersion { get; } = new("KP-049", LintSeverity.Warning, "the policy's version takes variables for text, so the condition never matches", "write \"Version\": \"2012-10-17\"");
    internal static LintRule PcrVariable { get; } = new("KP-050", LintSeverity.Error, "a PCR is compared with something that the caller chooses", "write the value");
    internal static LintRule Forgeable { get; } = new("KP-051", LintSeverity.Error, "relies on a context key that the caller writes", "bind attestation instead");
    internal static LintRule UnboundDataKey { get; } = new("KP-052", LintSeverity.Error, "binds Decrypt to attestation and leaves another plaintext operation free", "put all plaintext operations into the attested statement");
    internal static LintRule JoinedDeny { get; } = new("KP-053", LintSeverity.Warning, "a Deny with several negated PCR conditions denies only when all of them are wrong", "write one Deny statement for each PCR");
    internal static LintRule AnyValueDeny { get; } = new("KP-054", LintSeverity.Warning, "a Deny on a PCR does not hold when there is no attestation document", "use StringNotEqualsIgnoreCase without a set operator");
    internal static LintRule Sign { get; } = new("KP-055", LintSeverity.Error, "lets somebody sign or authenticate with the key; no attestation can be asked for", "do not allow the action, and deny it");
    internal static LintRule TooLarge { get; } = new("KP-056", LintSeverity.Warning, "the policy is larger than KMS takes", "take old releases out");
    internal static LintRule Random { get; } = new("KP-057", LintSeverity.Notice, "GenerateRandom uses no key, so a key policy cannot allow or deny it", "take it out");
    internal static LintRule LongTerm { get; } = new("KP-058", LintSeverity.Warning, "an IAM user with long-term credentials uses or governs the key", "use a role");
    internal static LintRule DeletedPrincipal { get; } = new("KP-059", LintSeverity.Notice, "names a principal that was deleted; only its identifier is left", "take it out");
    internal static LintRule PublicTag { get; } = new("KP-060", LintSeverity.Error, "relies on a tag that the account's administrators set", "name the principals");
    internal static LintRule OffPlan { get; } = new("KP-061", LintSeverity.Error, "does something else than the plan", "generate the policy anew: measure policy generate");

    internal static LintRule AccountKeeps { get; } = new("KP-062", LintSeverity.Warning, "leaves filling, keeping or destroying the key to the account's identity policies", "name the roles that do it");
    internal static LintRule ExtraAccepted { get; } = new("KP-063", LintSeverity.Warning, "accepts a PCR 12 or 13 that is not zero: something was added from the unsealed boot partition", "bind 96 zeros");

    /// <summary>Every rule by number.</summary>
    public static IReadOnlyList<LintRule> All { get; } =
    [
        Unattested, AnyPrincipal, RootDelegation, AllActions, ActionWildcard, MissingPcr4, MissingPcr12, MissingPcr13, MissingPcr7, Pcr4Alone,
        IfExists, ForAllValues, NegatedAllow, PcrWildcard, UpperCase, WrongLength, OtherBank, EnclaveKeys, UnknownKey, MixedGenerations,
        UnknownRelease, DebugTwin, Revoked, Expired, CreateGrant, Grant, ReEncrypt, Replicate, Import, PolicyChange,
        PolicyChangeByAccount, Tags, EarlyDeletion, NotAction, NotPrincipalAllow, NotPrincipalDeny, NotResource, OtherResource, ZeroPcr, UnstablePcr,
        NoNetUnattested, NoNetOtherImage, NoNetPrincipal, NoNetBypass, NoNetPolicy, NoNetCiphertext, OtherHands, Service, OldVersion, PcrVariable,
        Forgeable, UnboundDataKey, JoinedDeny, AnyValueDeny, Sign, TooLarge, Random, LongTerm, DeletedPrincipal, PublicTag, OffPlan, AccountKeeps, ExtraAccepted,
    ];
}
