using System.Globalization;
using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;

namespace Mantle.Measure.Release.Documents;

/// <summary>Register values in JSON: an object of banks, each an object of PCR indexes.</summary>
internal static class MeasurementsMembers
{
    private const int PcrCount = 24;

    public static void Write(Utf8JsonWriter json, string mode, ReleaseMeasurements measurements)
    {
        json.WriteStartObject(mode);
        foreach ((TpmAlgorithm bank, IReadOnlyDictionary<int, TpmDigest> values) in measurements.Banks.OrderBy(bank => bank.Key))
        {
            json.WriteStartObject(bank.Name());
            foreach ((int index, TpmDigest value) in values.OrderBy(value => value.Key))
            {
                json.WriteString(index.ToString(CultureInfo.InvariantCulture), value.ToString());
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    public static ReleaseMeasurements Read(JsonMembers members)
    {
        SortedDictionary<TpmAlgorithm, IReadOnlyDictionary<int, TpmDigest>> banks = [];
        foreach (string name in members.AllNames())
        {
            if (!TpmHash.TryParse(name, out TpmAlgorithm bank))
            {
                throw members.Refuse($"bank \"{PrintedText.Escape(name)}\" is not known");
            }

            JsonMembers values = members.Object(name);
            SortedDictionary<int, TpmDigest> digests = [];
            foreach (string index in values.AllNames())
            {
                int size = 2 * bank.DigestSize();
                bool isIndex = int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out int pcr) && pcr < PcrCount;
                string hex = values.Text(index, text => JsonMembers.IsHex(text, size) ? null : $"{size} digits of lower-case hexadecimal");
                if (!isIndex || !digests.TryAdd(pcr, new(bank, Convert.FromHexString(hex))))
                {
                    throw values.Refuse($"\"{PrintedText.Escape(index)}\" is no PCR, or one that stands there twice");
                }
            }

            if (!banks.TryAdd(bank, digests))
            {
                throw members.Refuse($"bank {bank.Name()} stands there twice");
            }
        }

        return banks.Count > 0 ? new(banks) : throw members.Refuse("there is no bank");
    }
}
