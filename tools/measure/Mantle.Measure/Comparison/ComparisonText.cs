using System.Globalization;
using System.Text;

namespace Mantle.Measure.Comparison;

/// <summary>A comparison for people: the first difference with its likely cause, then all, then what a policy sees of it.</summary>
public static class ComparisonText
{
    private const int Short = 40;
    private const int LongestReason = 140; // a command line is longer; --json has it whole

    /// <summary>Writes the text, lines ended by LF.</summary>
    /// <param name="comparison">The comparison.</param>
    /// <param name="output">Where to.</param>
    /// <param name="all">Whether to list every difference, or the first 40.</param>
    public static void Write(ImageComparison comparison, TextWriter output, bool all = false)
    {
        void Line(string text = "") => output.Write(text + "\n");

        if (comparison.First is not { } first)
        {
            Line("equal");
            return;
        }

        Line("first difference");
        Line($"  {first.Place}: {Summary(first)}");
        WriteValues(first, Line);
        Line($"  likely cause: {first.Cause.Name()}, {first.Cause.Sentence()}");
        WriteDifferences(comparison, all, Line);
        foreach (string note in comparison.Notes)
        {
            Line($"  note: {note}");
        }

        WriteInputs(comparison, Line);
        WritePcrs(comparison, Line);
    }

    private static void WriteDifferences(ImageComparison comparison, bool all, Action<string> line)
    {
        int count = comparison.Differences.Count;
        line("");
        line(count == 1 ? "1 difference" : $"{count} differences");
        int shown = all ? count : Math.Min(count, Short);
        for (int i = 0; i < shown; i++)
        {
            Difference difference = comparison.Differences[i];
            line($"  {Mark(difference.Kind)} {difference.Place}: {Summary(difference)} ({difference.Cause.Name()})");
        }

        if (shown < count)
        {
            line($"    and {count - shown} more (--all)");
        }
    }

    private static void WriteValues(Difference difference, Action<string> line)
    {
        line($"    A  {difference.A ?? "-"}");
        line($"    B  {difference.B ?? "-"}");
        if (difference.Bytes is { } bytes)
        {
            line($"    from offset 0x{bytes.Offset:x} on");
            WriteWindow('A', bytes.WindowStart, bytes.A.Span, line);
            WriteWindow('B', bytes.WindowStart, bytes.B.Span, line);
        }

        if (difference.Evidence is not null)
        {
            line($"    {difference.Evidence}");
        }
    }

    private static void WriteWindow(char name, long start, ReadOnlySpan<byte> bytes, Action<string> line)
    {
        const int Row = 16;
        for (int at = 0; at < bytes.Length; at += Row)
        {
            StringBuilder hex = new();
            StringBuilder text = new();
            foreach (byte value in bytes[at..Math.Min(at + Row, bytes.Length)])
            {
                hex.Append(CultureInfo.InvariantCulture, $"{value:x2} ");
                text.Append(value is >= 0x20 and < 0x7f ? (char)value : '.');
            }

            line($"    {name}  {start + at:x8}  {hex.ToString().PadRight(3 * Row)} {text}");
        }
    }

    private static void WriteInputs(ImageComparison comparison, Action<string> line)
    {
        if (comparison.Inputs.Count > 0)
        {
            line("");
            line("inputs that differ");
            foreach (InputDifference input in comparison.Inputs)
            {
                line($"  {input.Name}: {input.A ?? "absent"} -> {input.B ?? "absent"}");
            }
        }

        if (comparison.Packages.Count > 0)
        {
            line("");
            line("packages that differ");
            foreach (PackageDifference package in comparison.Packages)
            {
                line(package.A is null ? $"  + {package.Name} {package.B}"
                    : package.B is null ? $"  - {package.Name} {package.A}"
                    : package.A == package.B ? $"  ! {package.Name} {package.A}: same version, other file"
                    : $"  ~ {package.Name} {package.A} -> {package.B}");
            }
        }
    }

    private static void WritePcrs(ImageComparison comparison, Action<string> line)
    {
        if (comparison.Pcrs.Count == 0)
        {
            return;
        }

        line("");
        line("PCRs, bank sha384");
        foreach (PcrMovement pcr in comparison.Pcrs)
        {
            line($"  PCR {pcr.Index,-2}  {pcr.Moves switch { true => $"{pcr.A} -> {pcr.B}", false => "stays", null => "not known" }}");
            foreach (string reason in pcr.Reasons)
            {
                line($"            {(reason.Length <= LongestReason ? reason : reason[..LongestReason] + "…")}");
            }
        }
    }

    private static string Summary(Difference difference) => difference.Kind switch
    {
        DifferenceKind.Added => $"{difference.Field} only in B",
        DifferenceKind.Removed => $"{difference.Field} only in A",
        _ => difference.Field,
    };

    private static char Mark(DifferenceKind kind) => kind switch
    {
        DifferenceKind.Added => '+',
        DifferenceKind.Removed => '-',
        _ => '~',
    };
}
