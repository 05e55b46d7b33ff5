using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;

namespace Mantle.Measure.KeyPolicy.Generation;

/// <summary>
/// Conditions under which a document shows none of the allowed combinations of PCR 4, 7, 12 and 13. Each set of conditions makes one Deny statement:
/// "a prefix of the registers is as it should be, and the next one is not". Values that are followed by the same registers share one statement, so that
/// releases that differ in PCR 4 alone need four statements however many they are.
/// </summary>
internal static class PcrNet
{
    private const string Is = "StringEqualsIgnoreCase";
    private const string IsNot = "StringNotEqualsIgnoreCase";

    public static IReadOnlyList<(int Pcr, IReadOnlyList<ConditionClause> Conditions)> Of(IReadOnlyList<AttestedPcrs> allowed)
    {
        List<(int, IReadOnlyList<ConditionClause>)> statements = [];
        Descend([.. allowed], 0, [], statements);
        return statements;
    }

    private static void Descend(List<AttestedPcrs> allowed, int level, List<ConditionClause> prefix, List<(int, IReadOnlyList<ConditionClause>)> statements)
    {
        if (level == AttestedPcrs.Bound.Count)
        {
            return;
        }

        int pcr = AttestedPcrs.Bound[level];
        string key = AttestedPcrs.KeyOf(pcr);
        string[] values = [.. allowed.Select(one => one[pcr]).Distinct().Order(StringComparer.Ordinal)];
        // The negated operator holds for a request without a document: no such key, none of these values.
        statements.Add((pcr, [.. prefix, StatementBuilder.Clause(IsNot, key, values)]));
        IGrouping<string, string>[] groups = [.. values.GroupBy(value => Continuation(allowed, level, value), StringComparer.Ordinal)];
        foreach (IGrouping<string, string> group in groups)
        {
            HashSet<string> members = [.. group];
            List<ConditionClause> longer = groups.Length == 1 ? prefix : [.. prefix, StatementBuilder.Clause(Is, key, [.. group])];
            string first = group.First();
            Descend([.. allowed.Where(one => one[pcr] == first)], level + 1, longer, statements);
        }
    }

    private static string Continuation(List<AttestedPcrs> allowed, int level, string value) => string.Join(
        ';',
        allowed.Where(one => one[AttestedPcrs.Bound[level]] == value)
            .Select(one => string.Join(',', AttestedPcrs.Bound.Skip(level + 1).Select(pcr => one[pcr])))
            .Order(StringComparer.Ordinal));
}
