using System.Text.Json;

namespace Mantle.Measure.Checking;

/// <summary>A report's members in JSON: <c>verdict</c>, <c>notes</c>, <c>checks</c>.</summary>
public static class CheckJson
{
    /// <summary>Writes the three members into the object that is open.</summary>
    public static void Write(CheckReport report, Utf8JsonWriter json)
    {
        json.WriteString("verdict", report.Verdict switch
        {
            Verdict.Holds => "holds",
            Verdict.DoesNotHold => "does-not-hold",
            _ => "unverified",
        });
        json.WriteStartArray("notes");
        foreach (string note in report.Notes)
        {
            json.WriteStringValue(note);
        }

        json.WriteEndArray();
        json.WriteStartArray("checks");
        foreach (CheckResult check in report.Checks)
        {
            json.WriteStartObject();
            json.WriteString("id", check.Id);
            json.WriteString("outcome", check.Outcome switch
            {
                CheckOutcome.Pass => "pass",
                CheckOutcome.Fail => "fail",
                _ => "not-checked",
            });
            json.WriteBoolean("needed", check.IsNeeded);
            json.WriteString("evidence", check.Evidence);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
