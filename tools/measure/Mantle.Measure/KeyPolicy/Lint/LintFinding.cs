using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;

namespace Mantle.Measure.KeyPolicy.Lint;

/// <summary>A request that shows a finding. The simulator was asked, and answered so.</summary>
/// <param name="Request">The request.</param>
/// <param name="Policies">What it was decided by: the policies as they stand, or with the assumption.</param>
/// <param name="IsAllowed">The simulator's answer.</param>
/// <param name="Assumption">What was assumed beside the policies as they stand; null for nothing.</param>
public sealed record LintDemonstration(KeyRequest Request, PolicySet Policies, bool IsAllowed, string? Assumption)
{
    /// <summary>Asks the simulator once more.</summary>
    public bool Holds => KeyPolicySimulator.Evaluate(Policies, Request).IsAllowed == IsAllowed;
}

/// <summary>What is wrong with a policy.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Severity">The rule's, or less when something still stands in the way.</param>
/// <param name="Statement">The statement, or null when it is the policy or a grant.</param>
/// <param name="Detail">Which value, principal or action, one line; may be empty.</param>
/// <param name="Demonstration">A request that shows it, or null for what no request can show.</param>
public sealed record LintFinding(LintRule Rule, LintSeverity Severity, PolicyStatement? Statement, string Detail, LintDemonstration? Demonstration);
