using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Measure.Audit.Rules;

namespace Mantle.Measure.Audit.Reporting;

/// <summary>
/// A report in SARIF 2.1.0 (OASIS) with what GitHub's code scanning asks for. A gap is a result of the rule <c>AUDIT-001</c>; a waived finding is a
/// suppressed result.
/// </summary>
public static class AuditSarif
{
    private const string Schema = "https://json.schemastore.org/sarif-2.1.0.json";
    private const int MostRules = 1000;

    private static readonly SealRule s_gap = new()
    {
        Id = "AUDIT-001",
        Family = "audit",
        Severity = Severity.High,
        Title = "A part of the image could not be looked into",
        Why = "What cannot be read cannot be called sealed.",
        Fix = "Use a format that the audit reads, or remove the part.",
    };

    /// <summary>Writes UTF-8 with LF, indented by two spaces, with a final LF.</summary>
    /// <param name="report">The report.</param>
    /// <param name="toolVersion">Version of the tool.</param>
    /// <param name="output">Takes the bytes.</param>
    public static void Write(AuditReport report, string toolVersion, Stream output)
    {
        SealRule[] rules = [.. report.Rules.Rules.Concat(WaiverRules.All).Append(s_gap).Take(MostRules)];
        JsonWriterOptions options = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (Utf8JsonWriter json = new(output, options))
        {
            json.WriteStartObject();
            json.WriteString("$schema", Schema);
            json.WriteString("version", "2.1.0");
            json.WriteStartArray("runs");
            json.WriteStartObject();
            WriteTool(json, rules, toolVersion);
            json.WriteStartArray("results");
            foreach (Finding finding in report.Findings.Concat(report.Waived))
            {
                WriteResult(json, report.InputName, rules, finding);
            }

            foreach (Gap gap in report.Gaps)
            {
                WriteResult(json, report.InputName, rules, new(s_gap, gap.Place, [new($"{gap.Format}: {gap.Reason}")]));
            }

            json.WriteEndArray();
            json.WriteString("columnKind", "utf16CodeUnits");
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }

        output.WriteByte((byte)'\n');
    }

    private static void WriteTool(Utf8JsonWriter json, SealRule[] rules, string version)
    {
        json.WriteStartObject("tool");
        json.WriteStartObject("driver");
        json.WriteString("name", "measure audit");
        json.WriteString("semanticVersion", version);
        json.WriteStartArray("rules");
        foreach (SealRule rule in rules)
        {
            json.WriteStartObject();
            json.WriteString("id", rule.Id);
            json.WriteString("name", rule.Id);
            WriteText(json, "shortDescription", rule.Title);
            WriteText(json, "fullDescription", rule.Why);
            WriteText(json, "help", rule.Fix);
            json.WriteStartObject("defaultConfiguration");
            json.WriteString("level", Level(rule.Severity));
            json.WriteEndObject();
            json.WriteStartObject("properties");
            json.WriteStartArray("tags");
            json.WriteStringValue("security");
            json.WriteStringValue(rule.Family);
            json.WriteEndArray();
            json.WriteString("precision", "high");

            // GitHub: above 9.0 critical, 7.0 to 8.9 high, 4.0 to 6.9 medium, below low.
            json.WriteString("security-severity", rule.Severity switch
            {
                Severity.Critical => "9.5",
                Severity.High => "8.0",
                Severity.Medium => "5.5",
                _ => "3.0",
            });
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteResult(Utf8JsonWriter json, string input, SealRule[] rules, Finding finding)
    {
        string place = PrintedText.Escape(finding.Place);
        Evidence first = finding.Evidence[0];
        json.WriteStartObject();
        json.WriteString("ruleId", finding.Rule.Id);
        json.WriteNumber("ruleIndex", Array.IndexOf(rules, finding.Rule));
        json.WriteString("level", Level(finding.Rule.Severity));
        WriteText(json, "message", $"{finding.Rule.Title}: {place}: {string.Join("; ", finding.Evidence.Select(AuditText.Describe))}. {finding.Rule.Fix}");
        json.WriteStartArray("locations");
        json.WriteStartObject();
        json.WriteStartObject("physicalLocation");
        json.WriteStartObject("artifactLocation");
        json.WriteString("uri", Uri(input, finding.Place));
        json.WriteEndObject();
        json.WriteStartObject("region");
        json.WriteNumber("startLine", first.Line ?? 1);
        if (first.Offset is { } offset)
        {
            json.WriteNumber("byteOffset", offset);
            json.WriteNumber("byteLength", first.Length);
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteStartObject("partialFingerprints");
        json.WriteString("ruleAndPlace/v1", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{finding.Rule.Id}\n{place}")))[..32]);
        json.WriteEndObject();
        if (finding.Waiver is { } waiver)
        {
            json.WriteStartArray("suppressions");
            json.WriteStartObject();
            json.WriteString("kind", "external");
            json.WriteString("justification", $"{waiver.Reason} ({waiver.Owner}, until {waiver.Expires:yyyy-MM-dd})");
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string name, string text)
    {
        json.WriteStartObject(name);
        json.WriteString("text", text);
        json.WriteEndObject();
    }

    private static string Level(Severity severity) => severity switch
    {
        Severity.Critical or Severity.High => "error",
        Severity.Medium => "warning",
        _ => "note",
    };

    /// <summary>A relative reference (RFC 3986): the image's name, then the place, every byte that is not plain escaped.</summary>
    private static string Uri(string input, string place)
    {
        StringBuilder uri = new();
        foreach (byte value in Formats.Bytes.LinuxText.Encode($"{input}/{place.Replace(":/", "/", StringComparison.Ordinal)}"))
        {
            bool plain = value is (>= (byte)'a' and <= (byte)'z') or (>= (byte)'A' and <= (byte)'Z') or (>= (byte)'0' and <= (byte)'9') || "/-._~"u8.Contains(value);
            _ = plain ? uri.Append((char)value) : uri.Append('%').Append(value.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }

        return uri.ToString();
    }
}
