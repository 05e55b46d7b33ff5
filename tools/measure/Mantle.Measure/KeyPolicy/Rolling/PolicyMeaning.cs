using System.Text;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;

namespace Mantle.Measure.KeyPolicy.Rolling;

/// <summary>
/// Whether two policies are the same but for what has no meaning: order, letter case of actions and keys, a list of one, names, an account's number for its root's
/// ARN. KMS gives a policy back so changed. Two policies can do the same and still differ here; <see cref="PolicyDiff"/> finds that out.
/// </summary>
public static class PolicyMeaning
{
    /// <summary>Compares two policies.</summary>
    public static bool IsSame(PolicyDocument one, PolicyDocument other) =>
        one.HasVariables == other.HasVariables && Statements(one).SequenceEqual(Statements(other), StringComparer.Ordinal);

    private static IEnumerable<string> Statements(PolicyDocument policy) => policy.Statements.Select(Text).Distinct().Order(StringComparer.Ordinal);

    private static string Text(PolicyStatement statement)
    {
        StringBuilder text = new();
        text.Append(statement.IsAllow ? "Allow" : "Deny").Append(statement.IsNotPrincipal ? " not" : "");
        Append(text, statement.Principals is not { } principals ? [] : principals.IsStar ? ["AWS:*"]
            : principals.Entries.SelectMany(entry => entry.Values.Values.Select(value => $"{entry.Kind}:{Principal(value)}")));
        text.Append(statement.IsNotAction ? " not" : "");
        Append(text, statement.Actions.Values.Select(action => action.ToLowerInvariant()));
        text.Append(statement.IsNotResource ? " not" : "");
        Append(text, statement.Resources?.Values ?? ["*"]);
        Append(text, statement.Conditions.Select(condition =>
        {
            StringBuilder clause = new($"{condition.Operator} {condition.Key.ToLowerInvariant()}");
            Append(clause, condition.Values.Values);
            return clause.ToString();
        }));
        return text.ToString();
    }

    private static string Principal(string value) => RequestPrincipal.IsAccount(value) ? $"arn:aws:iam::{value}:root" : value;

    /// <summary>Each text behind its length, so that no two lists are written alike.</summary>
    private static void Append(StringBuilder text, IEnumerable<string> values)
    {
        text.Append('[');
        foreach (string value in values.Distinct().Order(StringComparer.Ordinal))
        {
            text.Append(value.Length).Append(':').Append(value);
        }

        text.Append(']');
    }
}
