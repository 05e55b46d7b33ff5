using Mantle.Measure.KeyPolicy.Documents;

namespace Mantle.Measure.KeyPolicy.Evaluation;

/// <summary>Whether a statement applies to a request, and which element decided.</summary>
internal static class StatementMatcher
{
    /// <summary>Everything but the principal: null when it applies, otherwise what does not fit.</summary>
    public static string? Mismatch(PolicyStatement statement, PolicyDocument policy, KeyRequest request, RequestContext context, bool explain)
    {
        if (!MatchesAction(statement, request.Action))
        {
            return explain ? $"{(statement.IsNotAction ? "NotAction names" : "Action does not name")} {request.Action}" : "";
        }

        if (statement.Resources is { } resources && MatchesAny(resources, request.Key.Arn, policy.HasVariables ? context : null) == statement.IsNotResource)
        {
            return explain ? $"{(statement.IsNotResource ? "NotResource names" : "Resource does not name")} {request.Key.Arn}" : "";
        }

        foreach (ConditionClause clause in statement.Conditions)
        {
            if (!ConditionEvaluator.Holds(clause, context, policy.HasVariables))
            {
                return explain ? $"{clause.Label} does not hold: {Have(clause, context)}" : "";
            }
        }

        return null;
    }

    public static bool MatchesAction(PolicyStatement statement, string action)
    {
        bool named = false;
        foreach (string pattern in statement.Actions.Values)
        {
            // Actions know wildcards but no variables.
            named |= Pattern.Expand(pattern, null)!.Value.IsLike(action, ignoreCase: true);
        }

        return named != statement.IsNotAction;
    }

    /// <summary>Which conditions let it through, for a message.</summary>
    public static string Holding(PolicyStatement statement, RequestContext context) => statement.Conditions.Count == 0
        ? "it has no condition"
        : string.Join("; ", statement.Conditions.Select(clause => $"{clause.Label} holds: {Have(clause, context)}"));

    private static bool MatchesAny(TextSet patterns, string text, RequestContext? variables)
    {
        foreach (string pattern in patterns.Values)
        {
            if (Pattern.Expand(pattern, variables) is { } expanded && expanded.IsLike(text))
            {
                return true;
            }
        }

        return false;
    }

    private static string Have(ConditionClause clause, RequestContext context) => context.TryGet(clause.Key, out IReadOnlyList<string>? values)
        ? $"the request has {Shorten(values)}"
        : "the request has no such key";

    private static string Shorten(IReadOnlyList<string> values) => string.Join(", ", values.Select(value => value.Length > 24 ? $"{value[..12]}…{value[^4..]}" : $"\"{value}\""));
}
