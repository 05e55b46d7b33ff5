using System.Text.Json;
using Mantle.Formats.Tpm;
using Mantle.Measure.Checking;

namespace Mantle.Measure.Quotes;

/// <summary>A result as JSON (docs/schemas/quote.schema.json).</summary>
public static class QuoteJson
{
    /// <summary>Writes the members into the object that is open.</summary>
    public static void Write(QuoteResult result, Utf8JsonWriter json)
    {
        CheckJson.Write(result.Report, json);
        TpmAttestation quote = result.Attestation;
        json.WriteStartObject("quote");
        json.WriteNumber("type", quote.Type);
        json.WriteString("qualifiedSigner", Convert.ToHexStringLower(quote.QualifiedSigner.Span));
        json.WriteString("extraData", Convert.ToHexStringLower(quote.ExtraData.Span));
        json.WriteNumber("clock", quote.Clock);
        json.WriteNumber("resetCount", quote.ResetCount);
        json.WriteNumber("restartCount", quote.RestartCount);
        json.WriteBoolean("clockSafe", quote.IsClockSafe);
        json.WriteString("firmwareVersion", $"{quote.FirmwareVersion:x16}");
        json.WriteStartArray("selections");
        foreach (PcrSelection selection in quote.Selections)
        {
            json.WriteStringValue(selection.ToString());
        }

        json.WriteEndArray();
        json.WriteString("pcrDigest", Convert.ToHexStringLower(quote.PcrDigest.Span));
        json.WriteEndObject();
        if (result.Pcrs is null)
        {
            json.WriteNull("pcrs");
            return;
        }

        json.WriteStartObject("pcrs");
        foreach (TpmAlgorithm bank in result.Pcrs.Selections.Select(selection => selection.Bank).Distinct())
        {
            json.WriteStartObject(bank.Name());
            foreach ((int index, TpmDigest value) in result.Pcrs.OfBank(bank))
            {
                json.WriteString($"{index}", value.ToString());
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
