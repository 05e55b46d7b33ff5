using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Generation;
using Mantle.Measure.KeyPolicy.Lint;
using Mantle.Measure.KeyPolicy.Plans;
using Mantle.Testing;

namespace Mantle.Measure.Tests.KeyPolicy;

public sealed class LintTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 23, 0, 0, 0, TimeSpan.Zero);

    public static TheoryData<PlanPhase> Phases => [PlanPhase.Bootstrap, PlanPhase.Final, PlanPhase.Sealed];

    [Theory]
    [MemberData(nameof(Phases))]
    public void A_generated_policy_has_no_finding_but_who_may_replace_it(PlanPhase phase)
    {
        BindingPlan plan = Plans.Sample with { Phase = phase };
        IReadOnlyList<LintFinding> findings = Lint(KeyPolicyGenerator.Generate(plan).Policy, plan);
        Assert.All(findings, finding => Assert.True(finding.Rule.Id == "KP-030" && finding.Severity == LintSeverity.Notice, $"{finding.Rule.Id} {finding.Rule.Title} {finding.Detail} {finding.Demonstration?.Request}"));
        Assert.Equal(phase == PlanPhase.Sealed ? 0 : 1, findings.Count);
    }

    [Fact]
    public void AWSs_sample_is_caught()
    {
        string text = File.ReadAllText(Repository.SharedVector("kms/aws-sample-key-policy.json.tmpl"))
            .Replace("${ADMIN_ROLE}", "arn:aws:iam::111122223333:role/admin", StringComparison.Ordinal)
            .Replace("${INSTANCE_ROLE}", "arn:aws:iam::111122223333:role/instance", StringComparison.Ordinal)
            .Replace("${PCR_VALUES}", $"\"{AttestedPcrs.KeyOf(4)}\": \"{Plans.Digest("x")}\", \"{AttestedPcrs.KeyOf(12)}\": \"{AttestedPcrs.Zero}\"", StringComparison.Ordinal);
        LintFinding[] errors = [.. Lint(EvaluationTests.Read(text, PolicyKind.Key)).Where(finding => finding.Severity == LintSeverity.Error)];
        Assert.Contains(errors, finding => finding.Rule.Id == "KP-001" && finding.Demonstration!.Request.Principal.Name == "admin" && finding.Demonstration.Request.Attestation is null);
        Assert.Contains(errors, finding => finding.Rule.Id == "KP-025");
    }

    /// <summary>Each single weakening of a generated policy is found by the prover and by the linter, without the plan and with it.</summary>
    [Theory]
    [MemberData(nameof(Phases))]
    public void Every_mutant_is_killed(PlanPhase phase)
    {
        BindingPlan plan = Plans.Sample with { Phase = phase };
        PolicyDocument policy = KeyPolicyGenerator.Generate(plan).Policy;
        IReadOnlyList<KnownRelease> known = KnownRelease.Of(plan);
        HashSet<string> clean = [.. Lint(policy, known: known).Select(Text)];
        List<string> unproven = [], unlinted = [], offPlan = [];
        int count = 0;
        foreach ((string name, PolicyDocument mutant) in Mutants.Of(policy))
        {
            count++;
            if (KeyPolicyGenerator.Prove(plan, mutant).Count == 0)
            {
                unproven.Add(name);
            }

            if (!Lint(mutant, plan).Any(finding => finding.Severity >= LintSeverity.Warning))
            {
                unlinted.Add(name);
            }

            // Conditions that only the plan knows of (VPC, context, date, days) cannot be missed by anybody else.
            bool isPlans = name.Contains("aws:SourceVpc", StringComparison.Ordinal) || name.Contains("EncryptionContext", StringComparison.Ordinal) || name.Contains("DateLessThan", StringComparison.Ordinal)
                || name.Contains("PendingWindowInDays 8", StringComparison.Ordinal)
                || name.Contains("also for another", StringComparison.Ordinal);
            if (!isPlans && !Lint(mutant, known: known).Any(finding => !clean.Contains(Text(finding))))
            {
                offPlan.Add(name);
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{phase}: {count} mutants");
        Assert.True(unproven.Count == 0, $"not proven of {count}: {string.Join("\n", unproven)}");
        Assert.True(unlinted.Count == 0, $"not linted of {count}: {string.Join("\n", unlinted)}");
        Assert.True(offPlan.Count == 0, $"not linted without the plan, of {count}: {string.Join("\n", offPlan)}");
    }

    [Fact]
    public void Rules_have_numbers_of_their_own()
    {
        Assert.Equal(LintRules.All.Count, LintRules.All.Select(rule => rule.Id).Distinct().Count());
        Assert.Equal(LintRules.All.Select(rule => rule.Id), LintRules.All.Select(rule => rule.Id).Order(StringComparer.Ordinal).ToArray());
        Assert.True(LintRules.All.Count >= 30);
        string table = File.ReadAllText(Repository.PathOf("docs", "key-policy.md"));
        Assert.All(LintRules.All, rule => Assert.Contains($"| {rule.Id} | {rule.Severity.ToString().ToLowerInvariant()} | {rule.Title} |", table, StringComparison.Ordinal));
    }

    internal static IReadOnlyList<LintFinding> Lint(PolicyDocument policy, BindingPlan? plan = null, IReadOnlyList<KeyGrant>? grants = null, IReadOnlyList<KnownRelease>? known = null)
    {
        IReadOnlyList<LintFinding> findings = KeyPolicyLinter.Check(new()
        {
            Policies = PolicySet.WorstCase(policy) with { Grants = grants ?? [] },
            Key = plan?.Key ?? new("aws", "eu-central-1", LintInput.AccountOf(policy), KeyIdentity.UnknownId),
            Time = s_now,
            Known = [.. known ?? [], .. plan is null ? [] : KnownRelease.Of(plan)],
            Plan = plan,
        });
        Assert.All(findings, finding => Assert.True(finding.Demonstration?.Holds ?? true, $"{finding.Rule.Id}: {finding.Demonstration}"));
        return findings;
    }

    private static string Text(LintFinding finding) => $"{finding.Rule.Id} {finding.Severity} {finding.Statement?.Sid} {finding.Detail}";
}
