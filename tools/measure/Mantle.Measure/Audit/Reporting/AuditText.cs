using System.Globalization;
using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.Audit.Reporting;

/// <summary>A report for people: the verdict, then what is worst first, each with its place, its evidence and what to do.</summary>
public static class AuditText
{
    /// <summary>Writes the report. Names from the image are escaped: none breaks a line or speaks to the terminal.</summary>
    public static void Write(AuditReport report, TextWriter output)
    {
        Line(Summary(report));
        foreach (IGrouping<string, Finding> group in report.Findings.GroupBy(finding => finding.Rule.Id))
        {
            Rules.SealRule rule = group.First().Rule;
            Line("");
            Line($"{rule.Severity.ToString().ToLowerInvariant()} {rule.Id}: {rule.Title}");
            foreach (Finding finding in group)
            {
                Line($"  {Escape(finding.Place)}");
                foreach (Evidence evidence in finding.Evidence)
                {
                    Line($"    {Describe(evidence)}");
                }
            }

            Line($"  why: {rule.Why}");
            Line($"  fix: {rule.Fix}");
        }

        if (report.Gaps.Count > 0)
        {
            Line("");
            Line("not audited");
            foreach (Gap gap in report.Gaps)
            {
                Line($"  {Escape(gap.Place)} ({gap.Format}): {Escape(gap.Reason)}");
            }
        }

        if (report.Waived.Count > 0)
        {
            Line("");
            Line($"waived, as of {report.At:yyyy-MM-dd}");
            foreach (Finding finding in report.Waived)
            {
                Line($"  {finding.Rule.Id} {Escape(finding.Place)}: {Escape(finding.Waiver!.Reason)} ({Escape(finding.Waiver.Owner)}, until {finding.Waiver.Expires:yyyy-MM-dd})");
            }
        }

        Line("");
        Line(string.Create(
            CultureInfo.InvariantCulture,
            $"looked at {report.Image.Volumes.Count} volumes, {report.Image.Trees.Count} file trees, {report.Image.BootEntries.Count} command lines, {report.Files:N0} files, {report.Programs:N0} programs; searched {report.SearchedBytes:N0} bytes in {report.SearchedFiles:N0} files; {report.Rules.Rules.Count} rules {report.Rules.Digest[..12]}"));

        void Line(string text) => output.Write(text + "\n");
    }

    /// <summary>The verdict in one line.</summary>
    public static string Summary(AuditReport report) => report.Verdict switch
    {
        AuditVerdict.Sealed => $"{Escape(report.InputName)}: sealed",
        AuditVerdict.Findings => $"{Escape(report.InputName)}: not sealed: {Count(report.Findings.Count, "finding")}{(report.Gaps.Count > 0 ? $", {Count(report.Gaps.Count, "part")} not audited" : "")}",
        _ => $"{Escape(report.InputName)}: not audited: {Count(report.Gaps.Count, "part")} could not be looked into",
    };

    /// <summary>One piece of evidence in words.</summary>
    internal static string Describe(Evidence evidence)
    {
        StringBuilder text = new();
        if (evidence.Offset is { } offset)
        {
            text.Append(CultureInfo.InvariantCulture, $"offset 0x{offset:x}: ");
        }
        else if (evidence.Line is { } line)
        {
            text.Append(CultureInfo.InvariantCulture, $"line {line}: ");
        }

        return text.Append(Escape(evidence.Text)).ToString();
    }

    private static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : string.Create(CultureInfo.InvariantCulture, $"{count:N0} {noun}s");

    private static string Escape(string text) => PrintedText.Escape(text);
}
