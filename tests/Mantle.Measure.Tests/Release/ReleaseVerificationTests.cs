using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Measure.Checking;
using Mantle.Measure.Release;

namespace Mantle.Measure.Tests.Release;

public sealed class ReleaseVerificationTests
{
    [Fact]
    public void A_sound_release_holds_and_is_handed_out()
    {
        TestRelease release = TestRelease.Sound();
        ReleaseVerificationResult result = release.Verify();
        Assert.Equal("", string.Join('\n', result.Report.Checks.Where(check => check.Outcome != CheckOutcome.Pass && check.IsNeeded).Select(check => $"{check.Id}: {check.Evidence}")));
        VerifiedRelease verified = result.Require();
        Assert.Equal(7, verified.Statement.Number);
        Assert.Equal(TestRelease.Digest(release.Files[ReleaseFiles.Image]), PrintedText.Digest(verified.Image));
        Assert.Equal(TestRelease.Digest(release.Statement.ToArray()), verified.StatementSha256);
        Assert.Equal(release.Envelope().Payload.ToArray(), release.Statement.ToArray());
        Assert.Equal("signed by alice, bob; 2 of 3 have to", result.Report.Find("role.release manager")!.Evidence);
        Assert.Null(verified.WithSecureBoot.Pcrs.First(pcr => pcr.Index == 7).Values.Values.Intersect(verified.WithoutSecureBoot.Pcrs.First(pcr => pcr.Index == 7).Values.Values).Cast<object>().FirstOrDefault());
    }

    [Fact]
    public void Any_two_of_the_managers_and_either_reviewer_are_enough()
    {
        foreach (TestSigner[] signers in new TestSigner[][]
        {
            [TestRelease.AliceSecond, TestRelease.Carol, TestRelease.Erin],
            [TestRelease.Bob, TestRelease.Carol, TestRelease.Dan, TestRelease.Erin, TestRelease.Alice, TestRelease.AliceSecond],
            [TestRelease.Carol, TestRelease.Alice, TestRelease.Dan, TestRelease.Mallory],
        })
        {
            Assert.NotNull((TestRelease.Sound() with { Signers = signers }).Verify().Release);
        }
    }

    [Fact]
    public void A_waiver_that_the_policy_accepts_is_accepted()
    {
        TestRelease release = Waived();
        string accepted = "waivers:\n  - rule: " + Rule(release) + "\n    path: /etc/ssh/sshd_config\n";
        Assert.Equal("1, each of which the policy accepts", (release with { PolicyText = TestRelease.Policy(accepted) }).Verify().Report.Find("waivers")!.Evidence);
        Assert.NotNull((release with { PolicyText = TestRelease.Policy(accepted) }).Verify().Release);
        Assert.Null((release with { PolicyText = TestRelease.Policy(accepted.Replace("sshd_config", "other", StringComparison.Ordinal)) }).Verify().Release);
    }

    [Fact]
    public void A_release_in_the_ledger_holds()
    {
        TestRelease release = TestRelease.Sound() with
        {
            PolicyText = TestRelease.Policy($"ledger: {TestRelease.LedgerKey}"),
            Ledger = (envelope, statement) => TestRelease.Logged(envelope, statement),
            Signers = [TestRelease.AliceSecond, TestRelease.Carol, TestRelease.Erin], // who sign the same each time
        };
        ReleaseVerificationResult result = release.Verify();
        Assert.Equal("", string.Join('\n', result.Report.Checks.Where(check => check.Outcome != CheckOutcome.Pass && check.IsNeeded).Select(check => $"{check.Id}: {check.Evidence}")));
        Assert.NotNull(result.Release);
        ReleaseVerificationResult without = (release with { Ledger = (_, _) => null }).Verify();
        Assert.Equal(Verdict.Unverified, without.Report.Verdict);
        Assert.Null(without.Release);
        Assert.Equal(ExitCode.Unverified, Assert.Throws<UserErrorException>(without.Require).Code);
    }

    internal static TestRelease Waived()
    {
        Audit.PlantedImage image = TestRelease.Image(TestRelease.Db).WithRootFile("etc/ssh/sshd_config", "PermitRootLogin no\n");
        string rule = image.Audit().Findings[0].Rule.Id;
        string[] paths = [.. image.Audit().Findings.Select(finding => finding.Place)];
        Assert.Single(paths);
        return TestRelease.Make(image, waivers: $"format: 1\nwaivers:\n  - rule: {rule}\n    path: /etc/ssh/sshd_config\n    reason: a file without a program to read it\n    owner: alice\n    expires: 2026-12-31\n");
    }

    private static string Rule(TestRelease release) => Encoding.UTF8.GetString(release.Files[ReleaseFiles.Waivers]).Split("rule: ")[1].Split('\n')[0];
}
