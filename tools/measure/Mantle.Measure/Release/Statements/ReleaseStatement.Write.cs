using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Measure.Release.Documents;

namespace Mantle.Measure.Release;

public sealed partial record ReleaseStatement
{
    /// <summary>The payload of the envelope. Equal statements are equal bytes.</summary>
    public byte[] ToArray() => CanonicalJson.Write(json =>
    {
        json.WriteString("_type", StatementType);
        json.WriteStartArray("subject");
        foreach (ReleaseSubject subject in Subjects.OrderBy(subject => subject.Name, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("name", subject.Name);
            json.WriteStartObject("digest");
            json.WriteString("sha256", subject.Sha256);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("predicateType", PredicateType);
        json.WriteStartObject("predicate");
        WritePredicate(json);
        json.WriteEndObject();
    });

    private void WritePredicate(Utf8JsonWriter json)
    {
        json.WriteString("name", Name);
        json.WriteString("version", Version);
        json.WriteNumber("number", Number);
        json.WriteNumber("minimumNumber", MinimumNumber);
        json.WriteString("epoch", UtcTime.Text(Epoch));
        json.WriteString("released", UtcTime.Text(Released));
        json.WriteString("expires", UtcTime.Text(Expires));
        json.WriteBoolean("debug", IsDebugTwin);
        json.WriteStartObject("audit");
        json.WriteString("verdict", Audit.Verdict);
        json.WriteString("rulesSha256", Audit.RulesSha256);
        json.WriteNumber("waived", Audit.Waived);
        json.WriteEndObject();
        json.WriteString("waiversSha256", WaiversSha256);
        json.WriteString("identitySha256", IdentitySha256);
        json.WriteStartObject("measurements");
        MeasurementsMembers.Write(json, "off", WithoutSecureBoot);
        MeasurementsMembers.Write(json, "on", WithSecureBoot);
        json.WriteEndObject();
    }
}
