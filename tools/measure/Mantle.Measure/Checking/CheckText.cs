using Mantle.Formats.Bytes;

namespace Mantle.Measure.Checking;

/// <summary>A report for a person: a line a check, then the verdict.</summary>
public static class CheckText
{
    private const int LabelWidth = 13;

    /// <summary>Writes the report.</summary>
    /// <param name="report">The checks.</param>
    /// <param name="subject">What was checked, as the verdict names it.</param>
    /// <param name="output">Where to.</param>
    public static void Write(CheckReport report, string subject, TextWriter output)
    {
        int width = report.Checks.Count == 0 ? 0 : report.Checks.Max(check => check.Id.Length) + 2;
        foreach (CheckResult check in report.Checks)
        {
            output.Write($"{Label(check.Outcome).PadRight(LabelWidth)}{check.Id.PadRight(width)}{OneLine(check.Evidence)}\n");
        }

        foreach (string note in report.Notes)
        {
            output.Write($"{"note".PadRight(LabelWidth)}{OneLine(note)}\n");
        }

        output.Write($"{subject}: {Describe(report)}\n");
    }

    /// <summary>The verdict in words, with the checks that decide it.</summary>
    public static string Describe(CheckReport report) => report.Verdict switch
    {
        Verdict.Holds => "verified",
        Verdict.DoesNotHold => $"NOT VERIFIED, fails: {Ids(report, CheckOutcome.Fail)}",
        _ => $"UNVERIFIED, no verdict without: {Ids(report, CheckOutcome.NotChecked)}",
    };

    private static string Ids(CheckReport report, CheckOutcome outcome) =>
        string.Join(", ", report.Checks.Where(check => check.Outcome == outcome && check.IsNeeded).Select(check => check.Id));

    private static string Label(CheckOutcome outcome) => outcome switch
    {
        CheckOutcome.Pass => "PASS",
        CheckOutcome.Fail => "FAIL",
        _ => "NOT CHECKED",
    };

    private static string OneLine(string text) => PrintedText.Escape(text).Replace("\\\\", "\\", StringComparison.Ordinal);
}
