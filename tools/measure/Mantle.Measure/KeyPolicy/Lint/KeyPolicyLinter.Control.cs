using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;

namespace Mantle.Measure.KeyPolicy.Lint;

/// <summary>Who can open another way to the key, change its policy or destroy it.</summary>
public sealed partial class KeyPolicyLinter
{
    private static readonly (string Action, LintRule Rule)[] s_control =
    [
        (KmsAction.CreateGrant, LintRules.CreateGrant),
        (KmsAction.ReEncryptFrom, LintRules.ReEncrypt),
        ("kms:ReplicateKey", LintRules.Replicate),
        ("kms:UpdatePrimaryRegion", LintRules.Replicate),
        ("kms:ImportKeyMaterial", LintRules.Import),
        ("kms:GetParametersForImport", LintRules.Import),
        ("kms:TagResource", LintRules.Tags),
        ("kms:UntagResource", LintRules.Tags),
        ("kms:DeleteImportedKeyMaterial", LintRules.EarlyDeletion),
        ("kms:Sign", LintRules.Sign),
        ("kms:GenerateMac", LintRules.Sign),
    ];

    private void CheckControl(PolicyStatement statement)
    {
        foreach (RequestPrincipal who in Witness.Principals(statement, _input.Key))
        {
            foreach ((string action, LintRule rule) in s_control)
            {
                KeyRequest request = Request(who, action, statement, Witness.Attestation(statement));
                if (Applies(statement, request))
                {
                    bool named = statement.Actions.Values.Any(pattern => pattern.Equals(action, StringComparison.OrdinalIgnoreCase));
                    Propose(rule, statement, $"{Short(action)} by {who}", request);
                    if (!named && !statement.IsNotAction && !statement.Actions.Values.Any(pattern => pattern is "*" or "kms:*"))
                    {
                        Propose(LintRules.ActionWildcard, statement, Short(action), request);
                    }
                }
            }

            KeyRequest early = Request(who, KmsAction.ScheduleKeyDeletion, statement);
            early = early with { Context = [.. early.Context.Where(pair => pair.Key != "kms:ScheduleKeyDeletionPendingWindowInDays"), new("kms:ScheduleKeyDeletionPendingWindowInDays", ["7"])] };
            if (Applies(statement, early))
            {
                Propose(LintRules.EarlyDeletion, statement, $"ScheduleKeyDeletion by {who}", early, outright: true);
            }

            CheckPolicyChange(statement, who);
            CheckBreadth(statement, who);
        }
    }

    /// <summary>Who is not named can be anybody, whatever the action.</summary>
    private void CheckBreadth(PolicyStatement statement, RequestPrincipal who)
    {
        foreach (KmsAction action in KmsAction.All.Where(action => action.Effect != KmsEffect.Read && !action.IsAttestable && StatementMatcher.MatchesAction(statement, action.Name)))
        {
            KeyRequest request = Request(who, action.Name, statement);
            if (!Applies(statement, request))
            {
                continue;
            }

            if (statement.IsNotPrincipal || statement.Principals!.NamesEveryone)
            {
                Propose(statement.IsNotPrincipal ? LintRules.NotPrincipalAllow : LintRules.AnyPrincipal, statement, "", request);
            }
            else if (PrincipalMatcher.Match(statement.Principals, who) == PrincipalMatch.Account && action.Effect is KmsEffect.Ciphertext or KmsEffect.Lifecycle or KmsEffect.Management)
            {
                Propose(LintRules.AccountKeeps, statement, "", request);
            }
        }
    }

    private void CheckPolicyChange(PolicyStatement statement, RequestPrincipal who)
    {
        KeyRequest request = Request(who, KmsAction.PutKeyPolicy, statement);
        if (!Applies(statement, request))
        {
            return;
        }

        PrincipalMatch match = PrincipalMatcher.Match(statement.Principals!, who);
        if (statement.IsNotPrincipal || match is PrincipalMatch.Account or PrincipalMatch.Everyone || who.Type == PrincipalType.Root)
        {
            Propose(LintRules.PolicyChangeByAccount, statement, "", request);
            return;
        }

        if (who.Type == PrincipalType.User)
        {
            Propose(LintRules.LongTerm, statement, who.ToString(), request);
        }

        // Held to named principals by a Deny, it is a decision and not an accident.
        if (NetDecision(Stranger(), KmsAction.PutKeyPolicy, null).DenyingStatement is { Conditions: [{ Operator.IsNegated: true } only] } && Same(only.Key, "aws:PrincipalArn"))
        {
            Propose(LintRules.PolicyChange with { Severity = LintSeverity.Notice }, statement, $"{who}, and nobody else", request);
        }
        else
        {
            Propose(LintRules.PolicyChange, statement, $"{who}", request);
        }
    }

    private void CheckGrants()
    {
        foreach (KeyGrant grant in _input.Policies.Grants)
        {
            if (RequestPrincipal.TryParse(grant.GranteePrincipal) is not { } who)
            {
                continue;
            }

            KeyValuePair<string, IReadOnlyList<string>>[] context =
                [.. grant.ContextSubset.Concat(grant.ContextEquals ?? new Dictionary<string, string>()).Select(pair => new KeyValuePair<string, IReadOnlyList<string>>($"kms:EncryptionContext:{pair.Key}", [pair.Value]))];
            string about = $"grant {grant.GrantId} to {grant.GranteePrincipal}";
            foreach (string action in KmsAction.Named(KmsEffect.AttestedPlaintext, KmsEffect.UnattestedUse))
            {
                Propose(LintRules.Grant, null, $"{about}: {Short(action)}", Request(who, action) with { Context = context });
            }

            Propose(LintRules.CreateGrant, null, about, Request(who, KmsAction.CreateGrant) with { Context = context });
        }
    }

    private RequestPrincipal Stranger() => RequestPrincipal.Parse($"arn:{_input.Key.Partition}:iam::{_input.Key.Account}:role/outsider");

    private Decision NetDecision(RequestPrincipal who, string action, AttestedPcrs? attestation) => KeyPolicySimulator.Evaluate(_input.Policies, Request(who, action, null, attestation));

    private static bool Same(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);
}
