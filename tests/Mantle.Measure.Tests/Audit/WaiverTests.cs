using Mantle.Measure.Audit;

namespace Mantle.Measure.Tests.Audit;

public class WaiverTests
{
    private static readonly DateOnly s_day = new(2026, 11, 21);
    private static readonly PlantedImage s_image = PlantedImage.Sealed().WithRootFile("etc/x", "x", 0b110_110_110);

    [Theory]
    [InlineData("root:/etc/x")]
    [InlineData("/etc/x")]
    [InlineData("/etc/*")]
    public void A_waiver_covers_its_finding(string path)
    {
        AuditReport report = Audit(Waiver("PRIV-003", path, "2026-11-21"));
        report.IsSealed();
        Assert.Equal("root:/etc/x", Assert.Single(report.Waived).Place);
    }

    [Fact]
    public void An_expired_waiver_covers_nothing_and_is_a_finding()
    {
        AuditReport report = Audit(Waiver("PRIV-003", "root:/etc/x", "2026-11-20"));
        Assert.Equal(["WAIVER-001", "PRIV-003"], report.Findings.Select(finding => finding.Rule.Id));
        Assert.Empty(report.Waived);
    }

    [Theory]
    [InlineData("PRIV-003", "initrd:/etc/x")]
    [InlineData("PRIV-003", "/etc/y")]
    [InlineData("PRIV-001", "/etc/x")]
    public void An_unused_waiver_is_a_finding(string rule, string path) =>
        Assert.Equal(["PRIV-003", "WAIVER-002"], Audit(Waiver(rule, path, "2027-01-01")).Findings.Select(finding => finding.Rule.Id));

    [Theory]
    [InlineData("expires: 2026-11-21", "expires: soon", "must be a date")]
    [InlineData("owner: security", "ownr: security", "needs the key \"owner\"")]
    [InlineData("reason: a reason that is long enough", "reason: short", "at least ten characters")]
    public void A_waiver_that_is_not_right_is_refused(string right, string wrong, string problem)
    {
        string text = Waiver("PRIV-003", "/etc/x", "2026-11-21").Replace(right, wrong, StringComparison.Ordinal);
        Assert.Contains(problem, Assert.Throws<UserErrorException>(() => WaiverReader.Parse("w.yaml", text)).Message, StringComparison.Ordinal);
    }

    private static AuditReport Audit(string waivers) => s_image.Audit(waivers: WaiverReader.Parse("w.yaml", waivers), at: s_day);

    private static string Waiver(string rule, string path, string expires) =>
        $"""
        format: 1
        waivers:
          - rule: {rule}
            path: "{path}"
            reason: a reason that is long enough
            owner: security
            expires: {expires}

        """;
}
