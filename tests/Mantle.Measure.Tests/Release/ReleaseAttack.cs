using Mantle.Measure.Checking;
using Mantle.Measure.Release;

namespace Mantle.Measure.Tests.Release;

/// <summary>One row of the attack table.</summary>
/// <param name="Name">What the attacker does.</param>
/// <param name="Check">The check that has to fail, or be missing.</param>
/// <param name="Reason">A part of its evidence.</param>
/// <param name="Make">The attack.</param>
internal sealed record ReleaseAttack(string Name, string Check, string Reason, Func<TestRelease, TestRelease> Make)
{
    public void Run()
    {
        ReleaseVerificationResult result = Make(TestRelease.Sound()).Verify();
        string report = $"{Name}:\n{string.Join('\n', result.Report.Checks.Where(check => check.Outcome != CheckOutcome.Pass).Select(check => $"  {check.Outcome} {check.Id}: {check.Evidence}"))}";
        Assert.True(result.Release is null && result.Report.Verdict != Verdict.Holds, report);
        Assert.Throws<UserErrorException>(result.Require);
        CheckResult? found = result.Report.Find(Check);
        Assert.True(found is { Outcome: not CheckOutcome.Pass } && found.Evidence.Contains(Reason, StringComparison.Ordinal), report);
    }
}
