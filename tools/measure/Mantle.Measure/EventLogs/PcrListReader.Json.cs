using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.EventLogs;

/// <summary>Lists in JSON.</summary>
public static partial class PcrListReader
{
    /// <summary>A list of the values that a prediction has.</summary>
    public static PcrList From(ImagePrediction prediction)
    {
        PcrList list = new();
        foreach (PredictedPcr pcr in prediction.Pcrs)
        {
            foreach ((TpmAlgorithm bank, TpmDigest value) in pcr.Values)
            {
                list.TryAdd(bank, pcr.Index, value.Bytes);
            }
        }

        return list;
    }

    private static PcrList ReadJson(ReadOnlyMemory<byte> bytes, bool keepOtherSizes)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 16 });
            return ReadRoot(document.RootElement, bytes, keepOtherSizes);
        }
        catch (JsonException e)
        {
            throw new MalformedInputException(Format, 0, $"line {(e.LineNumber ?? 0) + 1}: no JSON, or a member comes twice");
        }
        catch (InvalidOperationException)
        {
            // A name with an escaped half of a surrogate pair is none that the library gives out.
            throw new MalformedInputException(Format, 0, "a member's name is no text");
        }
    }

    private static PcrList ReadRoot(JsonElement root, ReadOnlyMemory<byte> bytes, bool keepOtherSizes)
    {
        if (root.TryGetProperty("bootFile"u8, out _))
        {
            return From(MeasurementsDocument.Read(ByteSource.FromMemory(bytes)));
        }

        PcrList list = new();
        if (root.TryGetProperty("Measurements"u8, out JsonElement measurements))
        {
            ReadAws(list, measurements, keepOtherSizes);
            return list;
        }

        foreach (JsonProperty bank in root.EnumerateObject())
        {
            if (!TpmHash.TryParse(bank.Name, out TpmAlgorithm algorithm) || bank.Value.ValueKind != JsonValueKind.Object)
            {
                throw new MalformedInputException(Format, 0, "a member is no bank of values");
            }

            foreach (JsonProperty value in bank.Value.EnumerateObject())
            {
                Add(list, algorithm, Index(value.Name), Hex(value.Value), $"{algorithm.Name()} {value.Name}", keepOtherSizes);
            }
        }

        return list;
    }

    private static void ReadAws(PcrList list, JsonElement measurements, bool keepOtherSizes)
    {
        if (measurements.ValueKind != JsonValueKind.Object
            || !measurements.TryGetProperty("HashAlgorithm"u8, out JsonElement name) || name.ValueKind != JsonValueKind.String
            || name.GetRawText().Trim('"').Replace("-", "", StringComparison.Ordinal) != "SHA384")
        {
            throw new MalformedInputException(Format, 0, "\"Measurements\" without \"HashAlgorithm\": \"SHA384\"");
        }

        foreach (JsonProperty value in measurements.EnumerateObject())
        {
            string key = value.Name;
            if (key != "HashAlgorithm")
            {
                Add(list, TpmAlgorithm.Sha384, key.StartsWith("PCR", StringComparison.Ordinal) ? Index(key[3..]) : Index(""), Hex(value.Value), "a PCR", keepOtherSizes);
            }
        }
    }

    private static int Index(string name) => name.Length is 1 or 2 && name.All(char.IsAsciiDigit) && int.Parse(name) is < PcrValues.RegisterCount and int index
        ? index
        : throw new MalformedInputException(Format, 0, "a member is no PCR from 0 to 23");

    private static byte[] Hex(JsonElement value)
    {
        string text = value.ValueKind == JsonValueKind.String ? value.GetRawText()[1..^1] : "";
        text = text.StartsWith("0x", StringComparison.Ordinal) ? text[2..] : text;
        return text.Length is > 0 and <= 2 * TpmHash.MaximumDigestSize && text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit)
            ? Convert.FromHexString(text)
            : throw new MalformedInputException(Format, 0, "a value is not hex");
    }
}
