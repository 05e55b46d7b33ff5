using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;

namespace Mantle.Measure.KeyPolicy.Lint;

/// <summary>Who gets plaintext under an Allow, and with which attestation document.</summary>
public sealed partial class KeyPolicyLinter
{
    private static readonly string[] s_forgeable = ["aws:Referer", "aws:UserAgent", "kms:RequestAlias"];

    private void CheckPlaintext(PolicyStatement statement)
    {
        string[] actions = [.. KmsAction.Named(KmsEffect.AttestedPlaintext).Where(action => StatementMatcher.MatchesAction(statement, action))];
        if (actions.Length == 0)
        {
            return;
        }

        foreach (RequestPrincipal who in Witness.Principals(statement, _input.Key))
        {
            AttestedPcrs? shown = Witness.Attestation(statement);
            CheckVariables(statement, who, actions[0], shown);
            KeyRequest bare = Request(who, actions[0], statement);
            if (Applies(statement, bare))
            {
                CheckUnattested(statement, who, actions, bare);
                CheckEveryImage(statement, who, actions[0], shown);
                continue;
            }

            KeyRequest sound = bare with { Attestation = shown };
            if (shown is not null && Applies(statement, sound))
            {
                CheckRegisters(statement, sound, shown);
                CheckActions(statement, actions, sound);
                CheckMixed(statement, sound);
                CheckKnown(statement, sound);
                CheckHands(statement, sound);
            }
        }
    }

    private void CheckUnattested(PolicyStatement statement, RequestPrincipal who, string[] actions, KeyRequest bare)
    {
        bool isDelegation = PrincipalMatcher.Match(statement.Principals!, who) == PrincipalMatch.Account;
        LintRule main = statement.IsNotPrincipal ? LintRules.NotPrincipalAllow
            : statement.Principals!.NamesEveryone ? LintRules.AnyPrincipal
            : who.Type == PrincipalType.Service ? LintRules.Service
            : isDelegation || who.Type == PrincipalType.Root ? LintRules.RootDelegation
            : LintRules.Unattested;
        bool everything = statement.Actions.Values.Any(action => action is "*" or "kms:*") && !statement.IsNotAction;
        foreach (string action in actions)
        {
            KeyRequest request = bare with { Action = action };
            Propose(main, statement, main == LintRules.Unattested ? $"{Short(action)} by {who}" : "", request);
            if (everything)
            {
                Propose(LintRules.AllActions, statement, "", request);
            }

            if (statement.IsNotAction)
            {
                Propose(LintRules.NotAction, statement, "", request);
            }

            if (OtherwiseAttested(action))
            {
                Propose(LintRules.UnboundDataKey, statement, Short(action), request);
            }

            foreach (ConditionClause clause in statement.Conditions)
            {
                if (s_forgeable.Contains(clause.Key, StringComparer.OrdinalIgnoreCase))
                {
                    Propose(LintRules.Forgeable, statement, clause.Key, request);
                }
                else if (clause.Key.StartsWith("aws:PrincipalTag/", StringComparison.OrdinalIgnoreCase) || clause.Key.StartsWith("aws:ResourceTag/", StringComparison.OrdinalIgnoreCase))
                {
                    Propose(LintRules.PublicTag, statement, clause.Key, request);
                }
                else if (AttestedPcrs.PcrOf(clause.Key) is { } pcr || (pcr = Witness.IsEnclaveKey(clause.Key) ? 0 : -1) >= 0)
                {
                    LintRule? rule = clause.Operator.IsIfExists ? LintRules.IfExists
                        : clause.Operator.Quantifier == ConditionQuantifier.All ? LintRules.ForAllValues
                        : clause.Operator.IsNegated ? LintRules.NegatedAllow : null;
                    if (rule is not null)
                    {
                        Propose(rule, statement, clause.Label, request);
                    }
                }
            }
        }
    }

    /// <summary>Whether an attested statement of the policy binds Decrypt while this action is another.</summary>
    private bool OtherwiseAttested(string action) => action != KmsAction.Decrypt
        && _policy.Statements.Any(other => other.IsAllow && StatementMatcher.MatchesAction(other, KmsAction.Decrypt) && other.Conditions.Any(clause => AttestedPcrs.PcrOf(clause.Key) is not null));

    /// <summary>A negated condition accepts every image but one.</summary>
    private void CheckEveryImage(PolicyStatement statement, RequestPrincipal who, string action, AttestedPcrs? shown)
    {
        if (shown is not null && statement.Conditions.Any(clause => AttestedPcrs.PcrOf(clause.Key) is not null && clause.Operator.IsNegated))
        {
            Propose(LintRules.NegatedAllow, statement, "another image", Request(who, action, statement, shown with { Name = "another image" }));
        }
    }

    private void CheckRegisters(PolicyStatement statement, KeyRequest sound, AttestedPcrs shown)
    {
        List<int> bound = [];
        foreach (int pcr in AttestedPcrs.Bound)
        {
            string other = Witness.OtherImage[..^1] + (shown[pcr][^1] == '0' ? '1' : '0');
            KeyRequest request = sound with { Attestation = shown.With(pcr, other, $"the bound release with another PCR {pcr}") };
            ConditionClause? clause = statement.Conditions.FirstOrDefault(clause => AttestedPcrs.PcrOf(clause.Key) == pcr);
            if (!Applies(statement, request))
            {
                bound.Add(pcr);
                CheckWildcard(statement, request, clause!, shown, pcr);
                continue;
            }

            LintRule rule = pcr switch
            {
                4 => LintRules.MissingPcr4,
                7 => LintRules.MissingPcr7,
                12 => LintRules.MissingPcr12,
                _ => LintRules.MissingPcr13,
            };
            if (clause is not null && clause.Operator.IsNegated)
            {
                Propose(LintRules.NegatedAllow, statement, clause.Label, request);
            }
            else if (clause is not null && clause.Operator.Comparison == ConditionComparison.StringLike)
            {
                Propose(LintRules.PcrWildcard, statement, clause.Label, request);
            }

            Propose(rule, statement, "", request);
        }

        CheckExtras(statement, sound, shown);
        if (bound is [4])
        {
            Propose(LintRules.Pcr4Alone, statement, "", sound with { Attestation = Witness.Complete(new() { [4] = shown[4], [7] = Witness.OtherImage, [12] = Witness.OtherImage, [13] = Witness.OtherImage }, "the bound boot file with everything else changed") });
        }

        foreach (ConditionClause clause in statement.Conditions.Where(clause => AttestedPcrs.PcrOf(clause.Key) is not null))
        {
            KeyRequest without = sound with { Attestation = new() { Name = $"a document without {clause.Key}", Values = shown.Values.Where(pair => pair.Key != AttestedPcrs.PcrOf(clause.Key)).ToDictionary() } };
            LintRule? rule = clause.Operator.IsIfExists ? LintRules.IfExists : clause.Operator.Quantifier == ConditionQuantifier.All ? LintRules.ForAllValues : null;
            if (rule is not null)
            {
                // A document has all registers, so this is a weakness only if that changes.
                Propose(rule with { Severity = LintSeverity.Warning }, statement, clause.Label, without);
            }
        }

        foreach (ConditionClause clause in statement.Conditions.Where(clause => AttestedPcrs.PcrOf(clause.Key) is 4 or 7 && !clause.Operator.IsNegated && clause.Values.Values.Contains(AttestedPcrs.Zero)))
        {
            int pcr = AttestedPcrs.PcrOf(clause.Key)!.Value;
            Propose(LintRules.ZeroPcr, statement, $"PCR {pcr}", sound with { Attestation = shown.With(pcr, AttestedPcrs.Zero, $"a machine with a zero PCR {pcr}") });
        }
    }

    private void CheckExtras(PolicyStatement statement, KeyRequest sound, AttestedPcrs shown)
    {
        foreach (ConditionClause clause in statement.Conditions.Where(clause => AttestedPcrs.PcrOf(clause.Key) is 7 or 12 or 13 && !clause.Operator.IsNegated))
        {
            int pcr = AttestedPcrs.PcrOf(clause.Key)!.Value;
            foreach (string value in clause.Values.Values.Where(value => value.Length == AttestedPcrs.HexLength && value.All(char.IsAsciiHexDigit)))
            {
                KeyRequest request = sound with { Attestation = shown.With(pcr, value.ToLowerInvariant(), $"PCR {pcr} {value[..12]}…") };
                if (pcr is 12 or 13 && value != AttestedPcrs.Zero)
                {
                    Propose(LintRules.ExtraAccepted, statement, $"PCR {pcr}", request);
                }

                if (_input.Known.Count > 0 && !_input.Known.Any(known => known.Pcrs[pcr].Equals(value, StringComparison.OrdinalIgnoreCase)))
                {
                    Propose(LintRules.UnknownRelease, statement, $"PCR {pcr} {value[..12]}…", request);
                }
            }
        }
    }

    private void CheckWildcard(PolicyStatement statement, KeyRequest request, ConditionClause clause, AttestedPcrs shown, int pcr)
    {
        if (clause.Operator.Comparison == ConditionComparison.StringLike)
        {
            foreach (string pattern in clause.Values.Values.Where(value => value.AsSpan().IndexOfAny("*?") >= 0))
            {
                string other = pattern.Replace("*", "0123", StringComparison.Ordinal).Replace('?', '0');
                Propose(LintRules.PcrWildcard, statement, clause.Label, request with { Attestation = shown.With(pcr, other, "another image that fits the pattern") });
            }
        }
    }

    /// <summary>Attested, but for more than is named.</summary>
    private void CheckActions(PolicyStatement statement, string[] actions, KeyRequest sound)
    {
        foreach (string action in actions.Where(action => statement.IsNotAction || !statement.Actions.Values.Contains(action, StringComparer.OrdinalIgnoreCase)))
        {
            Propose(statement.IsNotAction ? LintRules.NotAction with { Severity = LintSeverity.Warning } : LintRules.ActionWildcard, statement, Short(action), sound with { Action = action });
        }
    }

    /// <summary>Who chooses the variable chooses the image.</summary>
    private void CheckVariables(PolicyStatement statement, RequestPrincipal who, string action, AttestedPcrs? shown)
    {
        foreach (ConditionClause clause in _policy.HasVariables ? statement.Conditions : [])
        {
            if (AttestedPcrs.PcrOf(clause.Key) is { } pcr && clause.Values.Values.Select(Witness.VariableOf).FirstOrDefault(name => name is not null) is { } key)
            {
                KeyRequest request = Request(who, action, statement, shown!.With(pcr, Witness.OtherImage, "another image"));
                Propose(LintRules.PcrVariable, statement, clause.Label, request with
                {
                    Context = [.. request.Context.Where(pair => !pair.Key.Equals(key, StringComparison.OrdinalIgnoreCase)), new(key, [Witness.OtherImage])],
                });
            }
        }
    }

    private void CheckMixed(PolicyStatement statement, KeyRequest sound)
    {
        ConditionClause[] several = [.. statement.Conditions.Where(clause => AttestedPcrs.PcrOf(clause.Key) is not null && !clause.Operator.IsNegated && clause.Values.Values.Distinct().Count() > 1)];
        for (int i = 1; i < several.Length; i++)
        {
            (int one, int other) = (AttestedPcrs.PcrOf(several[0].Key)!.Value, AttestedPcrs.PcrOf(several[i].Key)!.Value);
            AttestedPcrs mixed = sound.Attestation!.With(one, several[0].Values.Values[0], "").With(other, several[i].Values.Values[^1], $"PCR {one} of one release with PCR {other} of another");
            Propose(LintRules.MixedGenerations, statement, $"PCR {one} and PCR {other}", sound with { Attestation = mixed });
        }
    }

    private void CheckKnown(PolicyStatement statement, KeyRequest sound)
    {
        if (_input.Known.Count == 0)
        {
            return;
        }

        foreach (ConditionClause clause in statement.Conditions.Where(clause => AttestedPcrs.PcrOf(clause.Key) == 4 && !clause.Operator.IsNegated))
        {
            foreach (string value in clause.Values.Values)
            {
                AttestedPcrs? accepted = null;
                KnownRelease[] named = [.. _input.Known.Where(known => known.Pcrs[4].Equals(value, StringComparison.OrdinalIgnoreCase))];
                KeyRequest With(AttestedPcrs pcrs) => sound with { Attestation = accepted = sound.Attestation!.With(4, value.ToLowerInvariant(), pcrs.Name) };
                foreach (KnownRelease known in named.Where(known => known.State != KnownState.Release))
                {
                    Propose(known.State == KnownState.Never ? LintRules.DebugTwin : LintRules.Revoked, statement, known.Pcrs.Name, With(known.Pcrs));
                }

                // A release is all its registers: PCR 4 of one with PCR 7 of none is no release either.
                KeyRequest request = With(named.FirstOrDefault()?.Pcrs ?? sound.Attestation! with { Name = "an unknown image" });
                bool whole = named.Any(known => AttestedPcrs.Bound.All(pcr =>
                    statement.Conditions.FirstOrDefault(other => AttestedPcrs.PcrOf(other.Key) == pcr) is not { } bound
                    || bound.Values.Values.Contains(known.Pcrs[pcr], StringComparer.OrdinalIgnoreCase)));
                if (!whole)
                {
                    Propose(LintRules.UnknownRelease, statement, $"PCR 4 {value[..Math.Min(12, value.Length)]}…", request with { Attestation = accepted! with { Name = "an unknown image" } });
                }
            }
        }
    }

    private void CheckHands(PolicyStatement statement, KeyRequest sound)
    {
        PrincipalMatch match = PrincipalMatcher.Match(statement.Principals!, sound.Principal);
        if (statement.IsNotPrincipal || match is PrincipalMatch.Everyone or PrincipalMatch.Account || sound.Principal.Type == PrincipalType.Root)
        {
            Propose(LintRules.OtherHands, statement, statement.IsNotPrincipal || statement.Principals!.NamesEveryone ? "every account" : $"account {sound.Principal.Account}", sound);
        }

        if (sound.Principal.Type == PrincipalType.User)
        {
            Propose(LintRules.LongTerm, statement, sound.Principal.ToString(), sound);
        }

    }

    private static string Short(string action) => action[(action.IndexOf(':', StringComparison.Ordinal) + 1)..];
}
