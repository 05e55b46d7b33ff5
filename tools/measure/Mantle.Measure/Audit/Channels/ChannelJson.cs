using System.Text.Json;

namespace Mantle.Measure.Audit.Channels;

/// <summary>The answers for programs; the schema is <c>docs/schemas/channels.schema.json</c>.</summary>
public static class ChannelJson
{
    private const int Version = 1;

    /// <summary>Writes one JSON object.</summary>
    public static void Write(AuditReport report, IReadOnlyList<ChannelAnswer> answers, Stream output)
    {
        using (Utf8JsonWriter json = new(output, new() { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("image", report.InputName);
            json.WriteStartArray("channels");
            foreach (ChannelAnswer answer in answers)
            {
                json.WriteStartObject();
                json.WriteString("id", answer.Channel.Id);
                json.WriteString("name", answer.Channel.Name);
                json.WriteString("state", ChannelText.Word(answer.State));
                json.WriteString("reason", answer.Reason);
                List("api", answer.Channel.Api);
                List("rules", answer.Channel.Rules);
                json.WriteStartArray("pcrs");
                foreach (int pcr in answer.Channel.Pcrs)
                {
                    json.WriteNumberValue(pcr);
                }

                json.WriteEndArray();
                List("statements", answer.Channel.Statements);
                json.WriteString("left", answer.Channel.Left);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();

            void List(string name, IReadOnlyList<string> values)
            {
                json.WriteStartArray(name);
                foreach (string value in values)
                {
                    json.WriteStringValue(value);
                }

                json.WriteEndArray();
            }
        }

        output.WriteByte((byte)'\n');
    }
}
