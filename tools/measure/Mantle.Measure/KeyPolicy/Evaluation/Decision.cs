using Mantle.Measure.KeyPolicy.Documents;

namespace Mantle.Measure.KeyPolicy.Evaluation;

/// <summary>What a statement came to.</summary>
/// <param name="Policy">The policy's kind and name.</param>
/// <param name="Statement">The statement.</param>
/// <param name="Applies">Whether it applies to the request.</param>
/// <param name="Because">The condition or element that decided, one line.</param>
public sealed record StatementOutcome(string Policy, PolicyStatement Statement, bool Applies, string Because);

/// <summary>The answer to a request, and why.</summary>
public sealed record Decision
{
    /// <summary>What allows it, were nothing to deny it: a statement, a delegation with an identity policy, or a grant; null when nothing does.</summary>
    public string? AllowedBy { get; init; }

    /// <summary>What denies it explicitly; null when nothing does.</summary>
    public string? DeniedBy { get; init; }

    /// <summary>The key policy's statement that denies, when it is one.</summary>
    public PolicyStatement? DenyingStatement { get; init; }

    /// <summary>The key policy's statement that allows, when it is one.</summary>
    public PolicyStatement? AllowingStatement { get; init; }

    /// <summary>Why nothing allows it, when nothing does.</summary>
    public string? Missing { get; init; }

    /// <summary>Every statement that was looked at, when asked for.</summary>
    public IReadOnlyList<StatementOutcome> Trace { get; init; } = [];

    /// <summary>Allowed and not denied.</summary>
    public bool IsAllowed => AllowedBy is not null && DeniedBy is null;

    /// <summary>One line.</summary>
    public string Reason => DeniedBy is not null ? $"explicitly denied by {DeniedBy}" : AllowedBy is not null ? $"allowed by {AllowedBy}" : $"implicitly denied: {Missing}";
}
