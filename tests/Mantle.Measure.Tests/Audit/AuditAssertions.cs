using Mantle.Measure.Audit;
using Mantle.Measure.Audit.Reporting;

namespace Mantle.Measure.Tests.Audit;

/// <summary>What a test of the audit says of a report; a failure shows the whole of it.</summary>
internal static class AuditAssertions
{
    public static AuditReport IsSealed(this AuditReport report)
    {
        Assert.True(report.Verdict == AuditVerdict.Sealed, Print(report));
        return report;
    }

    /// <summary>A rule found something at a place.</summary>
    public static AuditReport Finds(this AuditReport report, string rule, string place)
    {
        Assert.True(report.Findings.Any(finding => finding.Rule.Id == rule && finding.Place == place), $"{rule} at {place} is missing\n{Print(report)}");
        return report;
    }

    /// <summary>A rule found something at a place, and no rule found anything else.</summary>
    public static AuditReport FindsOnly(this AuditReport report, string rule, string place)
    {
        report.Finds(rule, place);
        Assert.True(report.Findings.Count == 1, $"more than {rule} at {place}\n{Print(report)}");
        return report;
    }

    public static AuditReport DoesNotFind(this AuditReport report, string rule)
    {
        Assert.True(report.Findings.All(finding => finding.Rule.Id != rule), $"{rule} is there\n{Print(report)}");
        return report;
    }

    /// <summary>A part could not be looked into, so the image is not sealed.</summary>
    public static AuditReport HasGap(this AuditReport report, string place)
    {
        Assert.True(report.Gaps.Any(gap => gap.Place == place), $"no gap at {place}\n{Print(report)}");
        Assert.NotEqual(AuditVerdict.Sealed, report.Verdict);
        return report;
    }

    public static string Print(AuditReport report)
    {
        using StringWriter text = new();
        AuditText.Write(report, text);
        return text.ToString();
    }
}
