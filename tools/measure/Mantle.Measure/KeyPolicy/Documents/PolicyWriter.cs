using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Mantle.Measure.KeyPolicy.Documents;

/// <summary>Writes policies: the same document always as the same bytes, elements in the order of AWS's own samples.</summary>
public static class PolicyWriter
{
    private static readonly JsonWriterOptions s_indented = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions s_compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The policy as JSON, without a final line break.</summary>
    public static string Write(PolicyDocument policy, bool compact = false)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer, compact ? s_compact : s_indented))
        {
            Write(json, policy);
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    /// <summary>Writes the policy as a value of a larger document.</summary>
    public static void Write(Utf8JsonWriter json, PolicyDocument policy)
    {
        json.WriteStartObject();
        if (policy.Version is not null)
        {
            json.WriteString("Version", policy.Version);
        }

        if (policy.Id is not null)
        {
            json.WriteString("Id", policy.Id);
        }

        json.WritePropertyName("Statement");
        bool bare = policy.IsSingleStatement && policy.Statements.Count == 1;
        if (!bare)
        {
            json.WriteStartArray();
        }

        foreach (PolicyStatement statement in policy.Statements)
        {
            Write(json, statement);
        }

        if (!bare)
        {
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    /// <summary>Writes one statement.</summary>
    public static void Write(Utf8JsonWriter json, PolicyStatement statement)
    {
        json.WriteStartObject();
        if (statement.Sid is not null)
        {
            json.WriteString("Sid", statement.Sid);
        }

        json.WriteString("Effect", statement.IsAllow ? "Allow" : "Deny");
        if (statement.Principals is { } principals)
        {
            json.WritePropertyName(statement.IsNotPrincipal ? "NotPrincipal" : "Principal");
            if (principals.IsStar)
            {
                json.WriteStringValue("*");
            }
            else
            {
                json.WriteStartObject();
                foreach (PrincipalEntry entry in principals.Entries)
                {
                    Write(json, entry.Kind, entry.Values);
                }

                json.WriteEndObject();
            }
        }

        Write(json, statement.IsNotAction ? "NotAction" : "Action", statement.Actions);
        if (statement.Resources is { } resources)
        {
            Write(json, statement.IsNotResource ? "NotResource" : "Resource", resources);
        }

        if (statement.Conditions.Count > 0)
        {
            json.WriteStartObject("Condition");
            foreach (IGrouping<string, ConditionClause> group in statement.Conditions.GroupBy(clause => clause.Operator.Text, StringComparer.Ordinal))
            {
                json.WriteStartObject(group.Key);
                foreach (ConditionClause clause in group)
                {
                    Write(json, clause.Key, clause.Values);
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, TextSet texts)
    {
        if (!texts.IsArray && texts.Values.Count == 1)
        {
            json.WriteString(name, texts.Values[0]);
            return;
        }

        json.WriteStartArray(name);
        foreach (string text in texts.Values)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
