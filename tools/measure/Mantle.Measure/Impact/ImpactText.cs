using System.Text.Json;
using Mantle.Measure.Comparison;

namespace Mantle.Measure.Impact;

/// <summary>An impact report as text, as JSON, and as Markdown for a pull request.</summary>
public static class ImpactText
{
    private const int ShortHash = 16;

    /// <summary>One sentence: what moves and what that asks for.</summary>
    public static string Summary(ImpactReport report)
    {
        string List(PcrFate fate) => string.Join(", ", report.Pcrs.Where(pcr => pcr.Fate == fate).Select(pcr => pcr.Index));
        List<string> parts = [];
        foreach ((PcrFate fate, string verb) in new[] { (PcrFate.Moves, "move"), (PcrFate.MayMove, "may move"), (PcrFate.Unknown, "are not known"), (PcrFate.Stays, "stay") })
        {
            if (List(fate) is { Length: > 0 } list)
            {
                parts.Add($"PCR {list} {verb}");
            }
        }

        return parts.Count == 0 ? "no PCR is predicted for these inputs" : string.Join("; ", parts);
    }

    /// <summary>Writes text, lines ended by LF.</summary>
    public static void Write(ImpactReport report, TextWriter output)
    {
        void Line(string text = "") => output.Write(text + "\n");

        Line(Summary(report));
        foreach (PcrImpact pcr in report.Pcrs.Where(pcr => pcr.Fate != PcrFate.Stays))
        {
            Line();
            Line($"PCR {pcr.Index} {Verb(pcr.Fate)}");
            if (pcr.A is not null && pcr.B is not null)
            {
                Line($"  A  {pcr.A}");
                Line($"  B  {pcr.B}");
            }

            foreach (string reason in pcr.Because.Distinct())
            {
                Line($"  {reason}");
            }
        }

        Section("because of", report.Causes);
        Section("inputs", report.Inputs.Select(input => $"{input.Name}: {input.A ?? "absent"} -> {input.B ?? "absent"}"));
        Section("packages", report.Packages.Select(Describe));
        Section("notes", report.Notes);

        void Section(string title, IEnumerable<string> lines)
        {
            bool isFirst = true;
            foreach (string line in lines)
            {
                if (isFirst)
                {
                    Line();
                    Line(title);
                    isFirst = false;
                }

                Line($"  {line}");
            }
        }
    }

    /// <summary>Writes Markdown. Names from images stand in code spans, where they can neither mention nor mark up anything.</summary>
    public static void WriteMarkdown(ImpactReport report, TextWriter output)
    {
        void Line(string text = "") => output.Write(text + "\n");

        Line("### Measurements");
        Line();
        Line($"**{Summary(report)}.**{(report.Moving.Count == 0 ? "" : " Policies that bind a PCR that moves have to accept both values while machines are replaced.")}");
        if (report.Moving.Count > 0)
        {
            Line();
            Line("| PCR | | A (sha384) | B (sha384) | because of |");
            Line("|---:|---|---|---|---|");
            foreach (PcrImpact pcr in report.Pcrs.Where(pcr => pcr.Fate != PcrFate.Stays))
            {
                Line($"| {pcr.Index} | {Verb(pcr.Fate)} | {Hash(pcr.A)} | {Hash(pcr.B)} | {string.Join("<br>", pcr.Because.Distinct().Select(Code))} |");
            }
        }

        Details("Causes", report.Causes);
        Details("Inputs", report.Inputs.Select(input => $"{input.Name}: {input.A ?? "absent"} -> {input.B ?? "absent"}"));
        Details("Packages", report.Packages.Select(Describe));
        Details("Notes", report.Notes);

        void Details(string title, IEnumerable<string> items)
        {
            string[] lines = [.. items];
            if (lines.Length > 0)
            {
                Line();
                Line($"<details><summary>{title}: {lines.Length}</summary>");
                Line();
                foreach (string line in lines)
                {
                    Line($"- {Code(line)}");
                }

                Line();
                Line("</details>");
            }
        }
    }

    /// <summary>Writes the members of an object.</summary>
    public static void WriteMembers(Utf8JsonWriter json, ImpactReport report, IReadOnlyList<int> forbidden)
    {
        json.WriteString("summary", Summary(report));
        json.WriteStartArray("pcrs");
        foreach (PcrImpact pcr in report.Pcrs)
        {
            json.WriteStartObject();
            json.WriteNumber("index", pcr.Index);
            json.WriteString("fate", pcr.Fate switch { PcrFate.Stays => "stays", PcrFate.Moves => "moves", PcrFate.MayMove => "may-move", _ => "unknown" });
            json.WriteBoolean("forbidden", forbidden.Contains(pcr.Index) && pcr.Fate != PcrFate.Stays);
            json.WriteString("a", pcr.A);
            json.WriteString("b", pcr.B);
            Texts("because", pcr.Because);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        Texts("causes", report.Causes);
        json.WriteStartArray("inputs");
        foreach (InputDifference input in report.Inputs)
        {
            Change(input.Name, input.A, input.B);
        }

        json.WriteEndArray();
        json.WriteStartArray("packages");
        foreach (PackageDifference package in report.Packages)
        {
            Change(package.Name, package.A, package.B);
        }

        json.WriteEndArray();
        Texts("notes", report.Notes);

        void Change(string name, string? a, string? b)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("a", a);
            json.WriteString("b", b);
            json.WriteEndObject();
        }

        void Texts(string name, IEnumerable<string> texts)
        {
            json.WriteStartArray(name);
            foreach (string text in texts)
            {
                json.WriteStringValue(text);
            }

            json.WriteEndArray();
        }
    }

    private static string Describe(PackageDifference package) =>
        package.A is null ? $"{package.Name} {package.B} added"
        : package.B is null ? $"{package.Name} {package.A} removed"
        : package.A == package.B ? $"{package.Name} {package.A}: same version, other file"
        : $"{package.Name} {package.A} -> {package.B}";

    private static string Verb(PcrFate fate) => fate switch
    {
        PcrFate.Moves => "moves",
        PcrFate.MayMove => "may move",
        PcrFate.Stays => "stays",
        _ => "is not known",
    };

    private static string Hash(string? value) => value is null ? "" : $"`{value[..ShortHash]}…`";

    private static string Code(string text) => $"`{text.Replace('`', '\'').Replace("|", "\\|", StringComparison.Ordinal)}`";
}
