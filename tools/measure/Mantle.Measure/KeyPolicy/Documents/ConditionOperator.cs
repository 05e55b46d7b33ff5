namespace Mantle.Measure.KeyPolicy.Documents;

/// <summary>What is compared.</summary>
public enum ConditionComparison
{
    /// <summary>StringEquals.</summary>
    StringEquals,

    /// <summary>StringEqualsIgnoreCase.</summary>
    StringEqualsIgnoreCase,

    /// <summary>StringLike.</summary>
    StringLike,

    /// <summary>NumericEquals.</summary>
    NumericEquals,

    /// <summary>NumericLessThan.</summary>
    NumericLessThan,

    /// <summary>NumericLessThanEquals.</summary>
    NumericLessThanEquals,

    /// <summary>NumericGreaterThan.</summary>
    NumericGreaterThan,

    /// <summary>NumericGreaterThanEquals.</summary>
    NumericGreaterThanEquals,

    /// <summary>DateEquals.</summary>
    DateEquals,

    /// <summary>DateLessThan.</summary>
    DateLessThan,

    /// <summary>DateLessThanEquals.</summary>
    DateLessThanEquals,

    /// <summary>DateGreaterThan.</summary>
    DateGreaterThan,

    /// <summary>DateGreaterThanEquals.</summary>
    DateGreaterThanEquals,

    /// <summary>Bool.</summary>
    Bool,

    /// <summary>BinaryEquals.</summary>
    BinaryEquals,

    /// <summary>IpAddress.</summary>
    IpAddress,

    /// <summary>ArnEquals and ArnLike, which behave alike.</summary>
    Arn,

    /// <summary>Null: whether the key is absent.</summary>
    Null,
}

/// <summary>A set operator before the comparison.</summary>
public enum ConditionQuantifier
{
    /// <summary>None: the key has one value.</summary>
    None,

    /// <summary>ForAllValues: true for no value at all.</summary>
    All,

    /// <summary>ForAnyValue: false for no value at all.</summary>
    Any,
}

/// <summary>A condition operator (IAM User Guide, "IAM JSON policy elements: Condition operators").</summary>
/// <param name="Text">As it was written.</param>
/// <param name="Comparison">What is compared.</param>
/// <param name="IsNegated">The result is turned round, and an absent key matches.</param>
/// <param name="IsIfExists">An absent key matches.</param>
/// <param name="Quantifier">For keys of several values.</param>
public sealed record ConditionOperator(
    string Text, ConditionComparison Comparison, bool IsNegated = false, bool IsIfExists = false, ConditionQuantifier Quantifier = ConditionQuantifier.None)
{
    private const string IfExists = "IfExists";
    private const string ForAllValues = "ForAllValues:";
    private const string ForAnyValue = "ForAnyValue:";

    private static readonly Dictionary<string, (ConditionComparison Comparison, bool IsNegated)> s_names = new(StringComparer.Ordinal)
    {
        ["StringEquals"] = (ConditionComparison.StringEquals, false),
        ["StringNotEquals"] = (ConditionComparison.StringEquals, true),
        ["StringEqualsIgnoreCase"] = (ConditionComparison.StringEqualsIgnoreCase, false),
        ["StringNotEqualsIgnoreCase"] = (ConditionComparison.StringEqualsIgnoreCase, true),
        ["StringLike"] = (ConditionComparison.StringLike, false),
        ["StringNotLike"] = (ConditionComparison.StringLike, true),
        ["NumericEquals"] = (ConditionComparison.NumericEquals, false),
        ["NumericNotEquals"] = (ConditionComparison.NumericEquals, true),
        ["NumericLessThan"] = (ConditionComparison.NumericLessThan, false),
        ["NumericLessThanEquals"] = (ConditionComparison.NumericLessThanEquals, false),
        ["NumericGreaterThan"] = (ConditionComparison.NumericGreaterThan, false),
        ["NumericGreaterThanEquals"] = (ConditionComparison.NumericGreaterThanEquals, false),
        ["DateEquals"] = (ConditionComparison.DateEquals, false),
        ["DateNotEquals"] = (ConditionComparison.DateEquals, true),
        ["DateLessThan"] = (ConditionComparison.DateLessThan, false),
        ["DateLessThanEquals"] = (ConditionComparison.DateLessThanEquals, false),
        ["DateGreaterThan"] = (ConditionComparison.DateGreaterThan, false),
        ["DateGreaterThanEquals"] = (ConditionComparison.DateGreaterThanEquals, false),
        ["Bool"] = (ConditionComparison.Bool, false),
        ["BinaryEquals"] = (ConditionComparison.BinaryEquals, false),
        ["IpAddress"] = (ConditionComparison.IpAddress, false),
        ["NotIpAddress"] = (ConditionComparison.IpAddress, true),
        ["ArnEquals"] = (ConditionComparison.Arn, false),
        ["ArnLike"] = (ConditionComparison.Arn, false),
        ["ArnNotEquals"] = (ConditionComparison.Arn, true),
        ["ArnNotLike"] = (ConditionComparison.Arn, true),
        ["Null"] = (ConditionComparison.Null, false),
    };

    /// <summary>Every operator without prefix and suffix.</summary>
    public static IReadOnlyCollection<string> Names => s_names.Keys;

    /// <summary>Parses a known operator.</summary>
    /// <exception cref="ArgumentException">There is no such operator.</exception>
    public static ConditionOperator Parse(string text) => TryParse(text) ?? throw new ArgumentException($"no operator \"{text}\"", nameof(text));

    /// <summary>The operator, or null when there is none of this name. Letter case counts, as KMS checks it.</summary>
    public static ConditionOperator? TryParse(string text)
    {
        string rest = text;
        ConditionQuantifier quantifier = ConditionQuantifier.None;
        if (rest.StartsWith(ForAllValues, StringComparison.Ordinal))
        {
            (quantifier, rest) = (ConditionQuantifier.All, rest[ForAllValues.Length..]);
        }
        else if (rest.StartsWith(ForAnyValue, StringComparison.Ordinal))
        {
            (quantifier, rest) = (ConditionQuantifier.Any, rest[ForAnyValue.Length..]);
        }

        bool ifExists = rest.EndsWith(IfExists, StringComparison.Ordinal);
        rest = ifExists ? rest[..^IfExists.Length] : rest;
        // "You can add IfExists to the end of any condition operator name except the Null condition."
        return s_names.TryGetValue(rest, out (ConditionComparison Comparison, bool IsNegated) known) && !(ifExists && known.Comparison == ConditionComparison.Null)
            ? new(text, known.Comparison, known.IsNegated, ifExists, quantifier)
            : null;
    }

    /// <inheritdoc/>
    public override string ToString() => Text;
}
