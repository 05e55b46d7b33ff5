using Mantle.Measure.KeyPolicy.Documents;

namespace Mantle.Measure.KeyPolicy.Generation;

/// <summary>Collects statements; indexes follow.</summary>
internal sealed class StatementBuilder
{
    private readonly List<PolicyStatement> _statements = [];

    public IReadOnlyList<PolicyStatement> Statements => _statements;

    public static ConditionClause Clause(string @operator, string key, params IReadOnlyList<string> values) =>
        new(ConditionOperator.Parse(@operator), key, TextSet.Shortest(values));

    public void Allow(string sid, IReadOnlyList<string> principals, IReadOnlyList<string> actions, params IReadOnlyList<ConditionClause> conditions) =>
        Add(sid, true, PrincipalSet.Aws(principals), actions, conditions);

    /// <summary>For everyone: what a Deny names, it denies to services and to other accounts as well.</summary>
    public void Deny(string sid, IReadOnlyList<string> actions, params IReadOnlyList<ConditionClause> conditions) =>
        Add(sid, false, PrincipalSet.Everyone, actions, conditions);

    /// <summary>Denies to everyone but these, or to everyone when there are none.</summary>
    public void DenyExcept(string sid, IReadOnlyList<string> actions, IReadOnlyList<string> principals)
    {
        if (principals.Count == 0)
        {
            Deny(sid, actions);
        }
        else
        {
            // A service has no aws:PrincipalArn; a negated operator holds when the key is absent, so that it is denied too.
            Deny(sid, actions, Clause("ArnNotEquals", "aws:PrincipalArn", principals));
        }
    }

    private void Add(string sid, bool isAllow, PrincipalSet principals, IReadOnlyList<string> actions, IReadOnlyList<ConditionClause> conditions) => _statements.Add(new()
    {
        Index = _statements.Count,
        Sid = sid,
        IsAllow = isAllow,
        Principals = principals,
        Actions = TextSet.Shortest(actions),
        // In a key policy "*" means the key that the policy is attached to.
        Resources = new(["*"], false),
        Conditions = conditions,
    });
}
