using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;
using Mantle.Measure.EventLogs;

namespace Mantle.Measure.Explain;

/// <summary>An explanation for people.</summary>
public static class ExplanationText
{
    /// <summary>Writes the text, lines ended by LF.</summary>
    public static void Write(Explanation explanation, TextWriter output)
    {
        void Line(string text = "") => output.Write(text + "\n");

        string names = $"{PrintedText.Escape(explanation.Expected.Name)} (expected), {PrintedText.Escape(explanation.Actual.Origin)} (actual)";
        int count = explanation.Observations.Count;
        if (explanation.IsEqual)
        {
            Line($"equal: {count} values of {names}");
            WriteReservation(explanation, Line);
            return;
        }

        int differing = explanation.Observations.Count(observation => observation.Differs);
        Line($"different: {differing} of {count} values, PCR {string.Join(", ", explanation.Differing)}; {names}");
        WriteEvents(explanation, Line);
        foreach (Cause cause in explanation.Causes)
        {
            Line();
            Write("cause", cause, Line);
        }

        foreach (Cause cause in explanation.Alternatives)
        {
            Line();
            Write("or", cause, Line);
        }

        if (explanation.Unexplained.Count > 0)
        {
            Line();
            Line($"not explained: PCR {string.Join(", ", explanation.Unexplained)}");
            foreach (int index in explanation.Unexplained)
            {
                Line($"  PCR {index} is made of {Covers(index)}");
            }

            Line($"  ruled out: {string.Join("; ", explanation.RuledOut)}");
        }

        if (explanation.NotTried.Count > 0 && (explanation.Unexplained.Count > 0 || explanation.Alternatives.Count > 0))
        {
            Line("  not tried:");
            foreach (string hypothesis in explanation.NotTried)
            {
                Line($"    {hypothesis}");
            }
        }

        WriteReservation(explanation, Line);
    }

    /// <summary>What decides a PCR, so that somebody knows where to look.</summary>
    internal static string Covers(int index) => index switch
    {
        0 or 2 => "the firmware's code",
        1 or 3 => "the firmware's settings and devices",
        4 => "the boot attempts and the programs that the firmware loaded: the UKI, addons, the inner kernel",
        5 => "the boot disk's partition table and the end of boot services",
        7 => "the Secure Boot variables and the db entries that allowed the images",
        9 => "the final command line and the final initrd",
        11 => "the sections of the UKI, and boot phases",
        12 => "extras: command-line words, credentials, configuration extensions, addons, the profile",
        13 => "system extensions beside the boot file",
        _ => "what the operating system extends",
    };

    private static void Write(string word, Cause cause, Action<string> line)
    {
        line($"{word}: {PrintedText.Escape(cause.Sentence)}");
        if (cause.Exact.Count > 0)
        {
            Observed first = cause.Exact[0];
            line($"  evidence: it leads to exactly these values: {Pcrs(cause.Exact)} (PCR {first.Index} {first.Bank.Name()} {Convert.ToHexStringLower(first.Actual.Span)})");
        }

        if (cause.Moved.Count > 0)
        {
            line($"  it must also move {Pcrs(cause.Moved)}, to values that cannot be computed from what is given");
        }

        line($"  do: {cause.Advice}");
    }

    private static string Pcrs(IEnumerable<Observed> observations) =>
        $"PCR {string.Join(", ", observations.Select(observation => observation.Index).Distinct().Order())}";

    private static void WriteEvents(Explanation explanation, Action<string> line)
    {
        foreach (LogDifference difference in explanation.EventDifferences)
        {
            line("");
            line($"PCR {difference.Pcr}, event {difference.Position + 1}: {Kind(difference.Kind)}");
            if (difference.Expected is not null)
            {
                line($"  expected  {difference.Expected}");
                line($"            made of {difference.Input}");
            }

            if (difference.Actual is { } actual)
            {
                line($"  log has   {Mantle.Formats.Tcg.EventTypeNames.SpecificationName(actual.Record.UntrustedType)}: {actual.Meaning}");
                line($"            {ExplainedEvent.NameOf(actual.Trust)}: {actual.Text}");
            }

            foreach (string detail in difference.Details)
            {
                line($"            {detail}");
            }
        }
    }

    private static string Kind(LogDifferenceKind kind) => kind switch
    {
        LogDifferenceKind.Extra => "an event that was not expected",
        LogDifferenceKind.Missing => "an expected event is missing",
        _ => "something else was measured",
    };

    private static void WriteReservation(Explanation explanation, Action<string> line)
    {
        if (explanation.Actual.Reservation is { } reservation)
        {
            line("");
            line(reservation);
        }
    }
}
