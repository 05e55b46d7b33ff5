namespace Mantle.Emulator.Kms.Iam;

/// <summary>One condition of a statement.</summary>
/// <param name="Quantifier">ForAllValues, ForAnyValue or empty.</param>
/// <param name="Operator">Without quantifier and without IfExists.</param>
/// <param name="IfExists">Whether the operator ended in IfExists.</param>
/// <param name="Key">The context key.</param>
/// <param name="Values">One of these.</param>
public sealed record IamCondition(string Quantifier, string Operator, bool IfExists, string Key, string[] Values);

/// <summary>A list that says which, or which not.</summary>
/// <param name="Values">Patterns.</param>
/// <param name="Except">Whether the element was NotAction, NotResource.</param>
public sealed record IamList(string[] Values, bool Except);

/// <summary>One statement.</summary>
public sealed record IamStatement
{
    public string Sid { get; init; } = "";

    public required bool Allow { get; init; }

    /// <summary>Kind (AWS, Service, …) and value; null where the policy has no principals.</summary>
    public (string Kind, string Value)[]? Principals { get; init; }

    public bool ExceptPrincipals { get; init; }

    public required IamList Actions { get; init; }

    public required IamList Resources { get; init; }

    public IamCondition[] Conditions { get; init; } = [];
}
