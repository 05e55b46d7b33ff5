using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;

namespace Mantle.Measure.Tests.KeyPolicy;

/// <summary>Every way to weaken a policy by one change.</summary>
internal static class Mutants
{
    public static IEnumerable<(string Name, PolicyDocument Policy)> Of(PolicyDocument policy)
    {
        foreach (PolicyStatement statement in policy.Statements)
        {
            PolicyDocument With(PolicyStatement other) => policy with { Statements = [.. policy.Statements.Select(one => one == statement ? other : one)] };
            string name = statement.Sid!;
            if (!statement.IsAllow)
            {
                yield return ($"without {name}", policy with { Statements = [.. policy.Statements.Where(one => one != statement)] });
                foreach (string action in statement.Actions.Values)
                {
                    if (statement.Actions.Values.Count > 1)
                    {
                        yield return ($"{name} without {action}", With(statement with { Actions = TextSet.Of(statement.Actions.Values.Where(one => one != action)) }));
                    }
                }

                // Whoever is no instance is denied plaintext by DenyOtherPrincipals as well.
                if (!name.StartsWith("DenyOtherPcr", StringComparison.Ordinal))
                {
                    yield return ($"{name} for one account", With(statement with { Principals = PrincipalSet.Aws(["arn:aws:iam::111122223333:root"]) }));
                }

                yield return ($"{name} allows", With(statement with { IsAllow = true }));
                yield return ($"{name} for another key", With(statement with { Resources = new(["arn:aws:kms:eu-central-1:111122223333:key/other"], false) }));
            }
            else
            {
                yield return ($"{name} for everyone", With(statement with { Principals = PrincipalSet.Everyone }));
                yield return ($"{name} for the account", With(statement with { Principals = PrincipalSet.Aws(["arn:aws:iam::111122223333:root"]) }));
                yield return ($"{name} also for another", With(statement with { Principals = PrincipalSet.Aws([.. statement.Principals!.Of("AWS"), "arn:aws:iam::111122223333:role/outsider"]) }));
                yield return ($"{name} for all but its own", With(statement with { IsNotPrincipal = true }));
                yield return ($"{name} with kms:*", With(statement with { Actions = new(["kms:*"], false) }));
                yield return ($"{name} with all other actions", With(statement with { IsNotAction = true }));
            }

            foreach (ConditionClause clause in statement.Conditions)
            {
                PolicyStatement Change(ConditionClause? other) => statement with { Conditions = [.. statement.Conditions.Select(one => one == clause ? other : one).OfType<ConditionClause>()] };
                string which = $"{name}: {clause.Label}";
                if (statement.IsAllow)
                {
                    yield return ($"{which} gone", With(Change(null)));
                    yield return ($"{which} IfExists", With(Change(clause with { Operator = ConditionOperator.Parse(clause.Operator.Text + "IfExists") })));
                    yield return ($"{which} ForAllValues", With(Change(clause with { Operator = ConditionOperator.Parse("ForAllValues:" + clause.Operator.Text) })));
                    if (clause.Operator.Comparison is ConditionComparison.StringEqualsIgnoreCase or ConditionComparison.StringEquals)
                    {
                        yield return ($"{which} negated", With(Change(clause with { Operator = ConditionOperator.Parse(clause.Operator.Text.Replace("String", "StringNot", StringComparison.Ordinal)) })));
                        yield return ($"{which} like anything", With(Change(clause with { Operator = ConditionOperator.Parse("StringLike"), Values = new(["*"], false) })));
                    }

                    if (AttestedPcrs.PcrOf(clause.Key) is { } pcr)
                    {
                        yield return ($"{which} one value more", With(Change(clause with { Values = TextSet.Of([.. clause.Values.Values, new string('a', 96)]) })));
                        yield return ($"{which} as an enclave's", With(Change(clause with { Key = $"kms:RecipientAttestation:PCR{pcr}", Operator = ConditionOperator.Parse("StringEqualsIgnoreCaseIfExists") })));
                    }
                }
                else
                {
                    // A Deny is weaker when it holds less often.
                    if (clause.Operator.IsNegated)
                    {
                        yield return ($"{which} ForAnyValue", With(Change(clause with { Operator = ConditionOperator.Parse("ForAnyValue:" + clause.Operator.Text) })));
                        yield return ($"{which} one value more", With(Change(clause with
                        {
                            Values = TextSet.Of([.. clause.Values.Values, AttestedPcrs.PcrOf(clause.Key) is null ? "arn:aws:iam::111122223333:role/outsider" : new string('a', 96)]),
                        })));
                        yield return ($"{which} turned round", With(Change(clause with { Operator = ConditionOperator.Parse(clause.Operator.Text.Replace("Not", "", StringComparison.Ordinal)) })));
                    }
                    else if (clause.Operator.Comparison == ConditionComparison.NumericLessThan)
                    {
                        yield return ($"{which} 8", With(Change(clause with { Values = new(["8"], false) })));
                    }

                    yield return ($"{which} and one more", With(statement with { Conditions = [.. statement.Conditions, new(ConditionOperator.Parse("Bool"), "aws:MultiFactorAuthPresent", new(["false"], false))] }));
                }
            }
        }
    }
}
