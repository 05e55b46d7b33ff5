using System.Text.Json;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;
using Mantle.Measure.EventLogs;

namespace Mantle.Measure.Explain;

/// <summary>An explanation for programs: the same facts as the text.</summary>
public static class ExplanationJson
{
    /// <summary>Writes the members of an object.</summary>
    public static void WriteMembers(Utf8JsonWriter json, Explanation explanation)
    {
        json.WriteString("expected", explanation.Expected.Name);
        json.WriteString("actual", explanation.Actual.Origin);
        json.WriteBoolean("equal", explanation.IsEqual);
        json.WriteBoolean("explained", explanation.Unexplained.Count == 0);
        json.WriteStartArray("values");
        foreach (Observed observation in explanation.Observations)
        {
            WriteValue(json, observation);
        }

        json.WriteEndArray();
        json.WriteStartArray("events");
        foreach (LogDifference difference in explanation.EventDifferences)
        {
            WriteEvent(json, difference);
        }

        json.WriteEndArray();
        WriteCauses(json, "causes", explanation.Causes);
        WriteCauses(json, "alternatives", explanation.Alternatives);
        json.WriteStartArray("unexplained");
        foreach (int index in explanation.Unexplained)
        {
            json.WriteNumberValue(index);
        }

        json.WriteEndArray();
        WriteTexts(json, "ruledOut", explanation.RuledOut);
        WriteTexts(json, "notTried", explanation.NotTried);
    }

    private static void WriteValue(Utf8JsonWriter json, Observed observation)
    {
        json.WriteStartObject();
        json.WriteString("bank", observation.Bank.Name());
        json.WriteNumber("pcr", observation.Index);
        json.WriteString("expected", Convert.ToHexStringLower(observation.Expected.Span));
        json.WriteString("actual", Convert.ToHexStringLower(observation.Actual.Span));
        json.WriteBoolean("differs", observation.Differs);
        json.WriteEndObject();
    }

    private static void WriteEvent(Utf8JsonWriter json, LogDifference difference)
    {
        json.WriteStartObject();
        json.WriteNumber("pcr", difference.Pcr);
        json.WriteString("kind", difference.Kind switch
        {
            LogDifferenceKind.Extra => "extra",
            LogDifferenceKind.Missing => "missing",
            _ => "changed",
        });
        json.WriteNumber("position", difference.Position);
        json.WriteString("expected", difference.Expected);
        json.WriteString("input", difference.Input);
        if (difference.Actual is { } actual)
        {
            json.WriteStartObject("actual");
            json.WriteNumber("index", actual.Record.Index);
            json.WriteString("type", actual.Record.UntrustedType.SpecificationName());
            json.WriteString("meaning", actual.Meaning);
            json.WriteString("text", actual.Text);
            json.WriteString("trust", ExplainedEvent.NameOf(actual.Trust));
            json.WriteEndObject();
        }

        WriteTexts(json, "details", difference.Details);
        json.WriteEndObject();
    }

    private static void WriteCauses(Utf8JsonWriter json, string name, IReadOnlyList<Cause> causes)
    {
        json.WriteStartArray(name);
        foreach (Cause cause in causes)
        {
            json.WriteStartObject();
            json.WriteString("id", cause.Id);
            json.WriteString("sentence", cause.Sentence);
            json.WriteStartArray("exact");
            foreach (int index in cause.Exact.Select(observation => observation.Index).Distinct().Order())
            {
                json.WriteNumberValue(index);
            }

            json.WriteEndArray();
            json.WriteStartArray("moved");
            foreach (int index in cause.Moved.Select(observation => observation.Index).Distinct().Order())
            {
                json.WriteNumberValue(index);
            }

            json.WriteEndArray();
            json.WriteString("advice", cause.Advice);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
