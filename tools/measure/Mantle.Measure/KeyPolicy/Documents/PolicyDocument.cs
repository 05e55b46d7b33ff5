namespace Mantle.Measure.KeyPolicy.Documents;

/// <summary>Where a policy is attached; the grammar differs a little.</summary>
public enum PolicyKind
{
    /// <summary>A KMS key policy: a resource policy, each statement with a principal.</summary>
    Key,

    /// <summary>An IAM identity policy: no principal.</summary>
    Identity,

    /// <summary>A service control policy of AWS Organizations: no principal.</summary>
    ServiceControl,

    /// <summary>A resource control policy of AWS Organizations: the principal is <c>*</c>.</summary>
    ResourceControl,
}

/// <summary>
/// A policy as it was written (IAM User Guide, "Grammar of the IAM JSON policy language"): order, and whether a value stood alone or in an array, are kept.
/// </summary>
/// <param name="Kind">What it is attached to.</param>
/// <param name="Version"><c>2012-10-17</c>, <c>2008-10-17</c> or null, which means the latter.</param>
/// <param name="Id">The policy's identifier.</param>
/// <param name="Statements">In the order of the document.</param>
public sealed record PolicyDocument(PolicyKind Kind, string? Version, string? Id, IReadOnlyList<PolicyStatement> Statements)
{
    /// <summary>The version that knows policy variables.</summary>
    public const string CurrentVersion = "2012-10-17";

    /// <summary>What a message calls it, for example a file's name.</summary>
    public string Name { get; init; } = "policy";

    /// <summary>Whether the one statement stood without an array around it.</summary>
    public bool IsSingleStatement { get; init; }

    /// <summary>Whether <c>${…}</c> is a variable and not text.</summary>
    public bool HasVariables => Version == CurrentVersion;
}

/// <summary>One or more texts, and whether they stood in an array.</summary>
/// <param name="Values">At least one in a sound policy; an empty array is kept as it is.</param>
/// <param name="IsArray">False when one value stood alone.</param>
public sealed record TextSet(IReadOnlyList<string> Values, bool IsArray)
{
    /// <summary>An array.</summary>
    public static TextSet Of(IEnumerable<string> values) => new([.. values], IsArray: true);

    /// <summary>One text, or an array when there are several.</summary>
    public static TextSet Shortest(IReadOnlyList<string> values) => new(values, values.Count != 1);
}

/// <summary>One statement.</summary>
public sealed record PolicyStatement
{
    /// <summary>From 0, in the order of the document.</summary>
    public required int Index { get; init; }

    /// <summary>The statement's name.</summary>
    public string? Sid { get; init; }

    /// <summary>Effect: Allow, not Deny.</summary>
    public required bool IsAllow { get; init; }

    /// <summary>The principals, or null where the kind of policy has none.</summary>
    public PrincipalSet? Principals { get; init; }

    /// <summary>Whether the principals are those it does not apply to.</summary>
    public bool IsNotPrincipal { get; init; }

    /// <summary>Action patterns.</summary>
    public required TextSet Actions { get; init; }

    /// <summary>Whether the actions are those it does not apply to.</summary>
    public bool IsNotAction { get; init; }

    /// <summary>Resource patterns, or null where the element is left out.</summary>
    public TextSet? Resources { get; init; }

    /// <summary>Whether the resources are those it does not apply to.</summary>
    public bool IsNotResource { get; init; }

    /// <summary>All must hold.</summary>
    public IReadOnlyList<ConditionClause> Conditions { get; init; } = [];

    /// <summary>Line and column of the statement, or empty when it was not read from text.</summary>
    public string Position { get; init; } = "";

    /// <summary>How a message calls it: its number from 1 and its name.</summary>
    public string Label => Sid is null ? $"statement {Index + 1}" : $"statement {Index + 1} \"{Sid}\"";
}

/// <summary>The principal element: everyone, or lists by kind (AWS, Service, Federated, CanonicalUser).</summary>
/// <param name="IsStar">Written as <c>"*"</c> and not as an object.</param>
/// <param name="Entries">Kind and values in the order of the document.</param>
public sealed record PrincipalSet(bool IsStar, IReadOnlyList<PrincipalEntry> Entries)
{
    /// <summary><c>"Principal": "*"</c>.</summary>
    public static PrincipalSet Everyone { get; } = new(true, []);

    /// <summary>AWS principals by ARN, account or <c>*</c>.</summary>
    public static PrincipalSet Aws(IReadOnlyList<string> values) => new(false, [new("AWS", TextSet.Shortest(values))]);

    /// <summary>The values of one kind.</summary>
    public IEnumerable<string> Of(string kind) => Entries.Where(entry => entry.Kind == kind).SelectMany(entry => entry.Values.Values);

    /// <summary>Whether it names every principal of every account.</summary>
    public bool NamesEveryone => IsStar || Of("AWS").Contains("*");
}

/// <summary>Principals of one kind.</summary>
/// <param name="Kind">AWS, Service, Federated or CanonicalUser.</param>
/// <param name="Values">Who.</param>
public sealed record PrincipalEntry(string Kind, TextSet Values);

/// <summary>One condition: operator, key and the values of which one has to match (none, for a negated operator).</summary>
/// <param name="Operator">How to compare.</param>
/// <param name="Key">The context key; letter case does not count.</param>
/// <param name="Values">What to compare with, as text.</param>
public sealed record ConditionClause(ConditionOperator Operator, string Key, TextSet Values)
{
    /// <summary>Operator and key, as a message names them.</summary>
    public string Label => $"{Operator} {Key}";
}
