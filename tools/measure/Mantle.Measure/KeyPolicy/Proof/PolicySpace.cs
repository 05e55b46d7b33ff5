using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Generation;
using Mantle.Measure.KeyPolicy.Lint;

namespace Mantle.Measure.KeyPolicy.Proof;

/// <summary>The meaningful requests for policies without a plan: everything that their statements name, and a stranger of each kind.</summary>
public static class PolicySpace
{
    /// <summary>A space on which all these policies can be compared.</summary>
    public static RequestSpace Of(KeyIdentity key, DateTimeOffset time, IReadOnlyList<AttestedPcrs> releases, params IReadOnlyList<PolicyDocument> policies)
    {
        List<AttestedPcrs> shown = [.. releases];
        Dictionary<string, IReadOnlyList<string>> ordinary = new(StringComparer.OrdinalIgnoreCase);
        List<ContextCase> contexts = [];
        HashSet<DateTimeOffset> bounds = [];
        foreach (PolicyStatement statement in policies.SelectMany(policy => policy.Statements))
        {
            if (statement.IsAllow && Witness.Attestation(statement) is { } pcrs && !shown.Any(known => known.Equals4(pcrs)))
            {
                shown.Add(pcrs with { Name = statement.Sid ?? statement.Label });
            }

            IReadOnlyList<KeyValuePair<string, IReadOnlyList<string>>> context = Witness.Context(statement);
            if (context.Count > 0)
            {
                contexts.Add(new(string.Join(", ", context.Select(pair => $"{pair.Key}={string.Join('|', pair.Value)}")), context));
            }

            foreach ((string name, IReadOnlyList<string> values) in statement.IsAllow ? context : [])
            {
                ordinary.TryAdd(name, values);
            }

            foreach (string value in statement.Conditions.Where(clause => Witness.IsTime(clause.Key)).SelectMany(clause => clause.Values.Values))
            {
                if (ConditionEvaluator.TryDate(value) is { } bound)
                {
                    bounds.Add(bound.AddSeconds(-1));
                    bounds.Add(bound.AddSeconds(1));
                }
            }
        }

        contexts = [new("", [.. ordinary]), .. contexts.DistinctBy(one => one.Label), new("no further context", [])];
        return RequestSpace.Build(key, policies.SelectMany(KeyPolicyGenerator.PrincipalsOf), AttestationCase.Enumerate(shown, []), contexts, [time, .. bounds.Order().Select(bound => (DateTimeOffset?)bound)]);
    }
}
