using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;

namespace Mantle.Measure.KeyPolicy.Lint;

/// <summary>Values, keys and shapes that do not do what they seem to.</summary>
public sealed partial class KeyPolicyLinter
{
    private void CheckValues(PolicyStatement statement)
    {
        foreach (ConditionClause clause in statement.Conditions)
        {
            if (clause.Key.StartsWith("kms:", StringComparison.OrdinalIgnoreCase) && !KmsConditionKeys.IsKnown(clause.Key))
            {
                ReportKey(statement, clause);
            }
            else if (Witness.IsEnclaveKey(clause.Key))
            {
                ReportEnclave(statement, clause);
            }
            else if (AttestedPcrs.PcrOf(clause.Key) is { } pcr)
            {
                foreach (string value in clause.Values.Values)
                {
                    CheckPcrValue(statement, clause, pcr, value);
                }
            }

            if (!_policy.HasVariables && clause.Values.Values.Any(value => value.Contains("${", StringComparison.Ordinal)))
            {
                Dead(LintRules.OldVersion, statement, clause.Label);
            }

            if (statement.IsAllow && Witness.IsTime(clause.Key) && clause.Operator.Comparison is ConditionComparison.DateLessThan or ConditionComparison.DateLessThanEquals
                && clause.Values.Values.All(value => ConditionEvaluator.TryDate(value) is { } end && end <= _input.Time))
            {
                foreach (RequestPrincipal who in Witness.Principals(statement, _input.Key).Take(1))
                {
                    ProposeDead(LintRules.Expired, statement, clause.Values.Values[0], Request(who, KmsAction.Decrypt, statement, Witness.Attestation(statement)) with { Time = _input.Time });
                }
            }
        }
    }

    private void CheckPcrValue(PolicyStatement statement, ConditionClause clause, int pcr, string value)
    {
        if (!AttestedPcrs.Bound.Contains(pcr))
        {
            Dead(LintRules.UnstablePcr, statement, $"PCR {pcr}");
        }

        if (clause.Operator.Comparison is not (ConditionComparison.StringEquals or ConditionComparison.StringEqualsIgnoreCase) || value.Contains("${", StringComparison.Ordinal))
        {
            return;
        }

        if (value.Length is 40 or 64 or 128 && value.All(char.IsAsciiHexDigit))
        {
            Dead(LintRules.OtherBank, statement, $"PCR {pcr} has {value.Length} digits, as bank {(value.Length == 40 ? "sha1" : value.Length == 64 ? "sha256" : "sha512")}");
        }
        else if (value.Length != AttestedPcrs.HexLength || !value.All(char.IsAsciiHexDigit))
        {
            Dead(LintRules.WrongLength, statement, $"PCR {pcr} \"{value[..Math.Min(16, value.Length)]}…\" has {value.Length} characters");
        }
        else if (clause.Operator.Comparison == ConditionComparison.StringEquals && value.Any(char.IsAsciiLetterUpper))
        {
            Dead(LintRules.UpperCase, statement, $"PCR {pcr}");
        }
    }

    /// <summary>Shows that a sealed instance, whose document has SHA-384 values in lower case, is not let in, or by a Deny not kept out.</summary>
    private void Dead(LintRule rule, PolicyStatement statement, string detail)
    {
        Dictionary<int, string> values = [];
        foreach (ConditionClause clause in statement.Conditions)
        {
            if (AttestedPcrs.PcrOf(clause.Key) is { } pcr)
            {
                string value = clause.Values.Values[0].ToLowerInvariant();
                values[pcr] = AttestedPcrs.Bound.Contains(pcr) && value.Length == AttestedPcrs.HexLength && value.All(char.IsAsciiHexDigit) ? value : Witness.OtherImage;
            }
        }

        KeyValuePair<string, IReadOnlyList<string>>[] plain = [.. Witness.Context(statement).Where(pair => !pair.Value.Any(value => value.Contains("${", StringComparison.Ordinal)))];
        if (!statement.IsAllow)
        {
            Add(rule, rule.Severity, statement, detail, null);
            return;
        }

        foreach (RequestPrincipal who in Witness.Principals(statement, _input.Key).Take(1))
        {
            string action = KmsAction.All.FirstOrDefault(one => StatementMatcher.MatchesAction(statement, one.Name))?.Name ?? KmsAction.Decrypt;
            ProposeDead(rule, statement, detail, Request(who, action, statement, Witness.Complete(values, "the genuine instance")) with { Context = plain });
        }
    }

    private void ReportKey(PolicyStatement statement, ConditionClause clause)
    {
        IReadOnlyList<RequestPrincipal> principals = Witness.Principals(statement, _input.Key);
        if (!statement.IsAllow || principals.Count == 0)
        {
            Add(LintRules.UnknownKey, LintRules.UnknownKey.Severity, statement, clause.Key, null);
            return;
        }

        KeyRequest request = Request(principals[0], KmsAction.Decrypt, statement, Witness.Attestation(statement));
        request = request with { Context = [.. request.Context.Where(pair => !Same(pair.Key, clause.Key))] };
        if (!(Applies(statement, request) && Propose(LintRules.UnknownKey with { Severity = LintSeverity.Error }, statement, clause.Key, request)))
        {
            ProposeDead(LintRules.UnknownKey, statement, clause.Key, request);
        }
    }

    private void ReportEnclave(PolicyStatement statement, ConditionClause clause)
    {
        foreach (RequestPrincipal who in Witness.Principals(statement, _input.Key).Take(1))
        {
            KeyRequest request = Request(who, KmsAction.Decrypt, statement, Witness.Complete([], "a NitroTPM instance"));
            if (statement.IsAllow && Applies(statement, request))
            {
                Propose(LintRules.EnclaveKeys, statement, clause.Key, request);
            }
            else if (statement.IsAllow)
            {
                ProposeDead(LintRules.EnclaveKeys with { Severity = LintSeverity.Warning }, statement, clause.Key, request);
            }
            else
            {
                Add(LintRules.EnclaveKeys, LintSeverity.Warning, statement, clause.Key, null);
            }
        }
    }

    private void CheckDeny(PolicyStatement statement)
    {
        string? action = KmsAction.Named(KmsEffect.AttestedPlaintext).FirstOrDefault(one => StatementMatcher.MatchesAction(statement, one));
        ConditionClause[] pcrs = [.. statement.Conditions.Where(clause => AttestedPcrs.PcrOf(clause.Key) is not null)];
        if (statement.IsNotPrincipal && Array.Find([.. Witness.Principals(statement with { IsNotPrincipal = false }, _input.Key)], one => one.Type == PrincipalType.RoleSession) is { } session)
        {
            string any = KmsAction.All.First(one => StatementMatcher.MatchesAction(statement, one.Name)).Name;
            PolicySet open = WithAllow(statement, session, any);
            KeyRequest request = Request(session, any, statement, Witness.Attestation(statement));
            if (!KeyPolicySimulator.Evaluate(open, request).IsAllowed)
            {
                Add(LintRules.NotPrincipalDeny, LintRules.NotPrincipalDeny.Severity, statement, session.ToString(), new(request, open, false, "by this statement and one that allows it"));
            }
        }

        if (action is null || pcrs.Length == 0)
        {
            return;
        }

        RequestPrincipal stranger = Stranger();
        if (pcrs.Any(clause => clause.Operator.Quantifier == ConditionQuantifier.Any || (!clause.Operator.IsNegated && clause.Operator.Comparison != ConditionComparison.Null))
            && !pcrs.Any(clause => clause.Operator.IsNegated && clause.Operator.Quantifier != ConditionQuantifier.Any))
        {
            ReportGap(LintRules.AnyValueDeny, statement, pcrs[0].Label, Request(stranger, action, statement));
        }

        ConditionClause[] negated = [.. pcrs.Where(clause => clause.Operator.IsNegated)];
        if (negated.Length > 1)
        {
            AttestedPcrs half = Witness.Complete(new() { [AttestedPcrs.PcrOf(negated[0].Key)!.Value] = negated[0].Values.Values[0] }, $"another image with the right PCR {AttestedPcrs.PcrOf(negated[0].Key)}")
                .With(AttestedPcrs.PcrOf(negated[1].Key)!.Value, Witness.OtherImage, "one PCR right and the others wrong");
            ReportGap(LintRules.JoinedDeny, statement, $"{negated.Length} conditions", Request(stranger, action, statement, half));
        }
    }

    /// <summary>Shows a request that a Deny does not catch, were it allowed.</summary>
    private void ReportGap(LintRule rule, PolicyStatement statement, string detail, KeyRequest request)
    {
        PolicySet open = WithAllow(statement, request.Principal, request.Action);
        if (KeyPolicySimulator.Evaluate(open, request).IsAllowed)
        {
            Add(rule, rule.Severity, statement, detail, new(request, open, true, "by this statement and one that allows it"));
        }
    }

    private PolicySet WithAllow(PolicyStatement deny, RequestPrincipal who, string action) => _input.Policies with
    {
        Grants = [],
        KeyPolicy = _policy with
        {
            Statements =
            [
                deny,
                new() { Index = 1, Sid = "Assumed", IsAllow = true, Principals = PrincipalSet.Aws([who.Arn]), Actions = TextSet.Shortest([action]), Resources = new(["*"], false) },
            ],
        },
    };

    private void CheckShape(PolicyStatement statement)
    {
        if (statement.IsNotResource || (statement.Resources is { } resources && !resources.Values.Contains("*")))
        {
            LintRule rule = statement.IsNotResource ? LintRules.NotResource : LintRules.OtherResource;
            KeyRequest request = Request(Stranger(), KmsAction.Decrypt);
            if (statement.IsNotResource || StatementMatcher.Mismatch(statement with { Conditions = [], Actions = TextSet.Of(["*"]), IsNotAction = false }, _policy, request, request.BuildContext(), false) is not null)
            {
                Add(rule, rule.Severity, statement, string.Join(", ", statement.Resources!.Values), null);
            }
        }

        if (statement.Actions.Values.Any(action => Same(action, "kms:GenerateRandom")))
        {
            Add(LintRules.Random, LintRules.Random.Severity, statement, "", null);
        }

        foreach (string name in statement.Principals?.Of("AWS") ?? [])
        {
            if (name.Length is > 15 and < 40 && (name.StartsWith("AROA", StringComparison.Ordinal) || name.StartsWith("AIDA", StringComparison.Ordinal)))
            {
                Add(LintRules.DeletedPrincipal, LintRules.DeletedPrincipal.Severity, statement, name, null);
            }
        }
    }
}
