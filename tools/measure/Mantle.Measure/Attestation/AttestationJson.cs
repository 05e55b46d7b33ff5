using System.Text.Json;
using Mantle.Formats.Cose;
using Mantle.Measure.Checking;

namespace Mantle.Measure.Attestation;

/// <summary>A result as JSON (docs/schemas/attestation.schema.json).</summary>
public static class AttestationJson
{
    /// <summary>Writes the members into the object that is open.</summary>
    public static void Write(AttestationResult result, Utf8JsonWriter json)
    {
        CheckJson.Write(result.Report, json);
        json.WriteStartObject("root");
        json.WriteString("sha256", result.Policy.Root.Sha256);
        json.WriteBoolean("aws", result.Policy.Root.IsAws);
        json.WriteEndObject();
        WriteDocument(result.Document, json);
    }

    /// <summary>Writes member <c>document</c>: what the document claims.</summary>
    public static void WriteDocument(SignedAttestationDocument document, Utf8JsonWriter json)
    {
        AttestationDocument content = document.UnverifiedContent;
        json.WriteStartObject("document");
        json.WriteString("kind", content.Kind == AttestationKind.NitroTpm ? "nitrotpm" : "enclave");
        json.WriteString("moduleId", content.ModuleId);
        json.WriteString("timestamp", content.Timestamp.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture));
        json.WriteString("digest", content.Digest);
        json.WriteStartObject("pcrs");
        foreach ((int index, ReadOnlyMemory<byte> value) in content.Pcrs)
        {
            json.WriteString($"{index}", Convert.ToHexStringLower(value.Span));
        }

        json.WriteEndObject();
        WriteBytes(json, "publicKey", content.PublicKey);
        WriteBytes(json, "userData", content.UserData);
        WriteBytes(json, "nonce", content.Nonce);
        WriteBytes(json, "certificate", content.Certificate);
        json.WriteStartArray("caBundle");
        foreach (ReadOnlyMemory<byte> certificate in content.CaBundle)
        {
            json.WriteStringValue(Convert.ToBase64String(certificate.Span));
        }

        json.WriteEndArray();
        json.WriteNumber("trailingBytes", document.Envelope.TrailingLength);
        json.WriteEndObject();
    }

    private static void WriteBytes(Utf8JsonWriter json, string name, ReadOnlyMemory<byte>? value)
    {
        if (value is { } bytes)
        {
            json.WriteString(name, Convert.ToBase64String(bytes.Span));
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
