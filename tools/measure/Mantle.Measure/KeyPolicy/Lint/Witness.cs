using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Proof;

namespace Mantle.Measure.KeyPolicy.Lint;

/// <summary>Requests that meet a statement's conditions, made from the conditions themselves.</summary>
internal static class Witness
{
    private static readonly string[] s_principalKeys = ["aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalType", "aws:PrincipalIsAWSService", "aws:username", "aws:userid"];

    /// <summary>A register of an image that nobody has made.</summary>
    public static string OtherImage { get; } = Convert.ToHexStringLower(SHA384.HashData(Encoding.ASCII.GetBytes("another image")));

    /// <summary>Who could ask under a statement, one of each kind.</summary>
    public static IReadOnlyList<RequestPrincipal> Principals(PolicyStatement statement, KeyIdentity key)
    {
        List<string> names = [];
        foreach (ConditionClause clause in statement.Conditions.Where(clause => clause.Key.Equals("aws:PrincipalArn", StringComparison.OrdinalIgnoreCase) && !clause.Operator.IsNegated))
        {
            names.AddRange(clause.Values.Values.Select(Concrete));
        }

        if (statement.IsNotPrincipal || statement.Principals!.NamesEveryone)
        {
            names.Add($"arn:{key.Partition}:iam::{RequestSpace.ForeignAccount}:role/outsider");
            names.Add($"arn:{key.Partition}:iam::{key.Account}:role/outsider");
        }
        else
        {
            foreach (string value in statement.Principals.Of("AWS"))
            {
                if (RequestPrincipal.TryParse(value) is { Type: PrincipalType.Root } root)
                {
                    names.Add($"arn:{root.Partition}:iam::{root.Account}:role/outsider");
                }

                names.Add(value);
            }

            names.AddRange(statement.Principals.Of("Service"));
        }

        return [.. names.Select(RequestPrincipal.TryParse).OfType<RequestPrincipal>().DistinctBy(one => one.ToString() + one.SessionArn)];
    }

    /// <summary>Context keys that meet every condition but those on PCRs, principals and time.</summary>
    public static IReadOnlyList<KeyValuePair<string, IReadOnlyList<string>>> Context(PolicyStatement statement)
    {
        Dictionary<string, IReadOnlyList<string>> context = new(StringComparer.OrdinalIgnoreCase);
        foreach (ConditionClause clause in statement.Conditions)
        {
            if (AttestedPcrs.PcrOf(clause.Key) is not null || IsEnclaveKey(clause.Key) || (clause.Key.StartsWith("kms:", StringComparison.OrdinalIgnoreCase) && !KmsConditionKeys.IsKnown(clause.Key)) || IsTime(clause.Key) || s_principalKeys.Contains(clause.Key, StringComparer.OrdinalIgnoreCase))
            {
                continue;
            }

            IReadOnlyList<string> values = Satisfy(clause);
            if (!clause.Operator.IsNegated && VariableOf(clause.Values.Values[0]) is { } variable && !s_principalKeys.Contains(variable, StringComparer.OrdinalIgnoreCase)
                && clause.Values.Values[0] is ['$', '{', .., '}'])
            {
                // Both sides are the caller's to choose.
                context.TryAdd(variable, ["x"]);
                values = context[variable];
            }

            // Of two conditions on one key, the one that wants a value says which.
            if (values.Count > 0 && !(context.ContainsKey(clause.Key) && clause.Operator.IsNegated))
            {
                context[clause.Key] = values;
            }
            else if (values.Count == 0 && clause.Operator.Comparison == ConditionComparison.Null)
            {
                context[clause.Key] = [];
            }
        }

        return [.. context.Select(pair => new KeyValuePair<string, IReadOnlyList<string>>(pair.Key, pair.Value))];
    }

    /// <summary>The context key of the first variable in a value, or null.</summary>
    public static string? VariableOf(string value)
    {
        int start = value.IndexOf("${", StringComparison.Ordinal) + 2, end = start < 2 ? -1 : value.IndexOfAny(['}', ','], start);
        return end <= start || value[start] is '*' or '?' or '$' ? null : value[start..end].Trim();
    }

    /// <summary>
    /// The request from surroundings in which a Deny does not hold, where there are such: from the VPC that it spares, with the second factor that it asks for.
    /// Attestation and the principal stay as they are.
    /// </summary>
    public static KeyRequest Evade(PolicyStatement deny, KeyRequest request)
    {
        foreach (ConditionClause clause in deny.Conditions)
        {
            if (AttestedPcrs.PcrOf(clause.Key) is not null || IsTime(clause.Key) || s_principalKeys.Contains(clause.Key, StringComparer.OrdinalIgnoreCase)
                || clause.Key.StartsWith("kms:", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            string? spared = clause.Operator.IsNegated ? Satisfy(clause with { Operator = clause.Operator with { IsNegated = false } })[0]
                : clause.Operator.Comparison == ConditionComparison.Bool ? (clause.Values.Values[0].Equals("true", StringComparison.OrdinalIgnoreCase) ? "false" : "true")
                : null;
            if (spared is not null)
            {
                return request with { Context = [.. request.Context.Where(pair => !pair.Key.Equals(clause.Key, StringComparison.OrdinalIgnoreCase)), new(clause.Key, [spared])] };
            }
        }

        return request;
    }

    /// <summary>A time at which the conditions on it hold.</summary>
    public static DateTimeOffset Time(PolicyStatement statement, DateTimeOffset ordinary)
    {
        DateTimeOffset time = ordinary;
        foreach (ConditionClause clause in statement.Conditions.Where(clause => IsTime(clause.Key)))
        {
            if (ConditionEvaluator.TryDate(clause.Values.Values[0]) is not { } bound)
            {
                continue;
            }

            time = clause.Operator.Comparison switch
            {
                ConditionComparison.DateLessThan or ConditionComparison.DateLessThanEquals => time < bound ? time : bound.AddSeconds(-1),
                ConditionComparison.DateGreaterThan or ConditionComparison.DateGreaterThanEquals => time > bound ? time : bound.AddSeconds(1),
                _ => bound,
            };
        }

        return time;
    }

    /// <summary>A document that meets the conditions on PCRs, or null when none of them wants one. Further registers are zero, as a sealed image's are.</summary>
    public static AttestedPcrs? Attestation(PolicyStatement statement)
    {
        Dictionary<int, string> values = [];
        foreach (ConditionClause clause in statement.Conditions)
        {
            if (AttestedPcrs.PcrOf(clause.Key) is { } pcr && Satisfy(clause) is [string value, ..])
            {
                values[pcr] = value;
            }
        }

        return values.Count == 0 ? null : Complete(values, "the bound release");
    }

    public static AttestedPcrs Complete(Dictionary<int, string> values, string name)
    {
        foreach (int pcr in AttestedPcrs.Bound)
        {
            values.TryAdd(pcr, pcr is 12 or 13 ? AttestedPcrs.Zero : OtherImage);
        }

        return new() { Name = name, Values = values };
    }

    public static bool IsTime(string key) => key.Equals("aws:CurrentTime", StringComparison.OrdinalIgnoreCase) || key.Equals("aws:EpochTime", StringComparison.OrdinalIgnoreCase);

    public static bool IsEnclaveKey(string key) =>
        key.StartsWith("kms:RecipientAttestation:PCR", StringComparison.OrdinalIgnoreCase) || key.Equals("kms:RecipientAttestation:ImageSha384", StringComparison.OrdinalIgnoreCase);

    private static IReadOnlyList<string> Satisfy(ConditionClause clause)
    {
        string first = clause.Values.Values[0];
        if (clause.Operator.Comparison == ConditionComparison.Null)
        {
            return first.Equals("false", StringComparison.OrdinalIgnoreCase) ? [AttestedPcrs.PcrOf(clause.Key) is null ? "x" : OtherImage] : [];
        }

        if (clause.Operator.IsNegated)
        {
            return AttestedPcrs.PcrOf(clause.Key) is null ? clause.Operator.Comparison == ConditionComparison.IpAddress ? ["198.51.100.7"] : ["mantle-other"] : [OtherImage];
        }

        decimal? number = decimal.TryParse(first, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal parsed) ? parsed : null;
        return clause.Operator.Comparison switch
        {
            ConditionComparison.NumericLessThan => [$"{(number ?? 1) - 1}"],
            ConditionComparison.NumericGreaterThan => [$"{(number ?? 0) + 1}"],
            ConditionComparison.IpAddress => [first.Split('/')[0]],
            _ => [Concrete(first)],
        };
    }

    private static string Concrete(string pattern) => pattern.Replace("*", "x", StringComparison.Ordinal).Replace('?', 'x');
}
