using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;

namespace Mantle.Measure.KeyPolicy.Lint;

/// <summary>
/// Looks for what is wrong with a key policy. A check proposes a finding and a request; the simulator decides: a proposal whose request is not answered as
/// claimed is dropped, so that no finding is without its proof.
/// </summary>
public sealed partial class KeyPolicyLinter
{
    private readonly LintInput _input;
    private readonly PolicyDocument _policy;
    private readonly List<LintFinding> _findings = [];
    private readonly Dictionary<(string Rule, int Statement, string Detail), int> _seen = [];

    private KeyPolicyLinter(LintInput input) => (_input, _policy) = (input, input.Policies.KeyPolicy);

    /// <summary>All findings: the worst first, then by statement and rule.</summary>
    public static IReadOnlyList<LintFinding> Check(LintInput input)
    {
        KeyPolicyLinter linter = new(input);
        foreach (PolicyStatement statement in linter._policy.Statements)
        {
            linter.CheckShape(statement);
            linter.CheckValues(statement);
            if (statement.IsAllow)
            {
                linter.CheckPlaintext(statement);
                linter.CheckControl(statement);
            }
            else
            {
                linter.CheckDeny(statement);
            }
        }

        linter.CheckGrants();
        linter.CheckNets();
        linter.CheckPlan();
        return
        [
            .. linter._findings.OrderByDescending(finding => finding.Severity)
                .ThenBy(finding => finding.Statement?.Index ?? int.MaxValue)
                .ThenBy(finding => finding.Rule.Id, StringComparer.Ordinal),
        ];
    }

    private KeyRequest Request(RequestPrincipal who, string action, PolicyStatement? statement = null, AttestedPcrs? attestation = null) => new()
    {
        Principal = who,
        Action = action,
        Key = _input.Key,
        Attestation = attestation,
        Context = statement is null ? [] : Witness.Context(statement),
        Time = statement is null ? _input.Time : Witness.Time(statement, _input.Time),
    };

    /// <summary>Whether the statement itself, by its principal and all else, applies.</summary>
    private bool Applies(PolicyStatement statement, KeyRequest request) =>
        PrincipalMatcher.Match(statement.Principals!, request.Principal) != PrincipalMatch.None != statement.IsNotPrincipal
        && StatementMatcher.Mismatch(statement, _policy, request, request.BuildContext(), explain: false) is null;

    /// <summary>Proposes a request that should not be allowed. Where denials alone keep it out, the finding says so and is a warning.</summary>
    private bool Propose(LintRule rule, PolicyStatement? statement, string detail, KeyRequest request, bool outright = false)
    {
        PolicySet policies = _input.Policies;
        List<string> denials = [];
        Decision decision;
        for (int tries = 0; tries < 4 && KeyPolicySimulator.Evaluate(policies, request).DenyingStatement is { } holding; tries++)
        {
            request = Witness.Evade(holding, request);
        }

        while ((decision = KeyPolicySimulator.Evaluate(policies, request)) is { AllowedBy: not null, DenyingStatement: { } deny })
        {
            denials.Add(deny.Label);
            policies = policies with { KeyPolicy = policies.KeyPolicy with { Statements = [.. policies.KeyPolicy.Statements.Where(other => other != deny)] } };
        }

        if (!decision.IsAllowed || (outright && denials.Count > 0))
        {
            return false;
        }

        LintSeverity severity = denials.Count > 0 && rule.Severity > LintSeverity.Warning ? LintSeverity.Warning : rule.Severity;
        Add(rule, severity, statement, detail, new(request, policies, true, denials.Count == 0 ? null : $"without {string.Join(" and ", denials)}"));
        return true;
    }

    /// <summary>Proposes a request that one more allowance would let through.</summary>
    private void ProposeNet(LintRule rule, string detail, KeyRequest request)
    {
        PolicyStatement more = new()
        {
            Index = _policy.Statements.Count,
            Sid = "Assumed",
            IsAllow = true,
            Principals = request.Principal.Type == PrincipalType.Service
                ? new(false, [new("Service", TextSet.Shortest([request.Principal.Name]))])
                : PrincipalSet.Aws([request.Principal.Arn]),
            Actions = TextSet.Shortest([request.Action]),
            Resources = new(["*"], false),
        };
        PolicySet policies = _input.Policies with { KeyPolicy = _policy with { Statements = [.. _policy.Statements, more] } };
        if (KeyPolicySimulator.Evaluate(policies, request).IsAllowed)
        {
            Add(rule, rule.Severity, null, detail, new(request, policies, true, "with one more statement, or a grant, that allows it"));
        }
    }

    /// <summary>Proposes a sound request that the statement, alone, does not allow though it seems to.</summary>
    private void ProposeDead(LintRule rule, PolicyStatement statement, string detail, KeyRequest request)
    {
        PolicySet alone = _input.Policies with { KeyPolicy = _policy with { Statements = [statement] }, Grants = [] };
        if (!KeyPolicySimulator.Evaluate(alone, request).IsAllowed)
        {
            Add(rule, rule.Severity, statement, detail, new(request, alone, false, "by this statement alone"));
        }
    }

    private void Add(LintRule rule, LintSeverity severity, PolicyStatement? statement, string detail, LintDemonstration? demonstration)
    {
        // One finding for a rule, a statement and a detail: the worst that a request shows.
        LintFinding finding = new(rule, severity, statement, detail, demonstration);
        if (_seen.TryAdd((rule.Id, statement?.Index ?? -1, detail), _findings.Count))
        {
            _findings.Add(finding);
        }
        else if (_seen[(rule.Id, statement?.Index ?? -1, detail)] is var place && _findings[place].Severity < severity)
        {
            _findings[place] = finding;
        }
    }
}
