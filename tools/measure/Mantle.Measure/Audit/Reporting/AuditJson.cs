using System.Text.Encodings.Web;
using System.Text.Json;

namespace Mantle.Measure.Audit.Reporting;

/// <summary>A report for programs; docs/schemas/audit.schema.json describes it.</summary>
public static class AuditJson
{
    /// <summary>The version that is written.</summary>
    public const int Version = 1;

    /// <summary>Writes UTF-8 with LF, indented by two spaces, with a final LF.</summary>
    public static void Write(AuditReport report, Stream output)
    {
        JsonWriterOptions options = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (Utf8JsonWriter json = new(output, options))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("image", Escaped(report.InputName));
            json.WriteString("verdict", report.Verdict switch
            {
                AuditVerdict.Sealed => "sealed",
                AuditVerdict.Findings => "findings",
                _ => "not-audited",
            });
            json.WriteString("at", report.At?.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
            json.WriteStartObject("rules");
            json.WriteNumber("count", report.Rules.Rules.Count);
            json.WriteString("sha256", report.Rules.Digest);
            json.WriteEndObject();
            List(json, "findings", report.Findings, finding => Write(json, finding));
            List(json, "waived", report.Waived, finding => Write(json, finding));
            List(json, "gaps", report.Gaps, gap => Write(json, gap));
            WriteInventory(json, report);
            json.WriteEndObject();
        }

        output.WriteByte((byte)'\n');
    }

    private static void Write(Utf8JsonWriter json, Finding finding)
    {
        json.WriteStartObject();
        json.WriteString("rule", finding.Rule.Id);
        json.WriteString("family", finding.Rule.Family);
        json.WriteString("severity", finding.Rule.Severity.ToString().ToLowerInvariant());
        json.WriteString("title", finding.Rule.Title);
        json.WriteString("place", Escaped(finding.Place));
        List(json, "evidence", finding.Evidence, evidence => Write(json, evidence));
        json.WriteString("why", finding.Rule.Why);
        json.WriteString("fix", finding.Rule.Fix);
        if (finding.Waiver is { } waiver)
        {
            json.WriteStartObject("waiver");
            json.WriteString("path", waiver.Path);
            json.WriteString("reason", waiver.Reason);
            json.WriteString("owner", waiver.Owner);
            json.WriteString("expires", waiver.Expires.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Evidence evidence)
    {
        json.WriteStartObject();
        json.WriteString("text", Escaped(evidence.Text));
        if (evidence.Offset is { } offset)
        {
            json.WriteNumber("offset", offset);
            json.WriteNumber("length", evidence.Length);
        }

        if (evidence.Line is { } line)
        {
            json.WriteNumber("line", line);
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Gap gap)
    {
        json.WriteStartObject();
        json.WriteString("place", Escaped(gap.Place));
        json.WriteString("format", gap.Format);
        json.WriteString("reason", Escaped(gap.Reason));
        json.WriteEndObject();
    }

    private static void WriteInventory(Utf8JsonWriter json, AuditReport report)
    {
        json.WriteStartObject("inventory");
        json.WriteString("kind", report.Image.Kind);
        json.WriteNumber("size", report.Image.Length);
        List(json, "volumes", report.Image.Volumes, volume =>
        {
            json.WriteStartObject();
            json.WriteString("place", volume.Place);
            json.WriteString("role", volume.Role.ToString().ToLowerInvariant());
            json.WriteString("format", volume.Format);
            json.WriteNumber("size", volume.Content.Length);
            json.WriteEndObject();
        });
        List(json, "trees", report.Image.Trees, tree =>
        {
            json.WriteStartObject();
            json.WriteString("place", Escaped(tree.Prefix));
            json.WriteString("role", tree.Role.ToString().ToLowerInvariant());
            json.WriteString("format", tree.Format);
            json.WriteEndObject();
        });
        List(json, "commandLines", report.Image.BootEntries, entry =>
        {
            json.WriteStartObject();
            json.WriteString("place", Escaped(entry.Place));
            json.WriteString("kind", entry.Kind);
            json.WriteString("commandLine", entry.CommandLine is null ? null : Escaped(entry.CommandLine));
            json.WriteBoolean("signed", entry.IsSigned);
            json.WriteEndObject();
        });
        json.WriteNumber("files", report.Files);
        json.WriteNumber("programs", report.Programs);
        json.WriteNumber("searchedFiles", report.SearchedFiles);
        json.WriteNumber("searchedBytes", report.SearchedBytes);
        json.WriteEndObject();
    }

    /// <summary>A lone surrogate, which stands for a byte that is no UTF-8, is no JSON either.</summary>
    private static string Escaped(string text) => Formats.Bytes.PrintedText.Escape(text);

    private static void List<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> items, Action<T> write)
    {
        json.WriteStartArray(name);
        foreach (T item in items)
        {
            write(item);
        }

        json.WriteEndArray();
    }
}
