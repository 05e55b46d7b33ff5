using System.Text.Json;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;

namespace Mantle.Measure.Prediction;

/// <summary>
/// A prediction as a TCG Canonical Event Log in JSON (Canonical Event Log Format 1.0, 5.3): records of type <c>pcclient_std</c>, by PCR. Event data is
/// what the log will have, or empty where the machine decides it (the device path of an image).
/// </summary>
public static class CanonicalEventLog
{
    /// <summary>The JSON text, without a final newline.</summary>
    public static string Format(ImagePrediction prediction)
    {
        List<CanonicalRecordJson> records = [];
        foreach (PredictedPcr pcr in prediction.Pcrs)
        {
            foreach (PredictedEvent e in pcr.Events)
            {
                CanonicalContentJson content = new(e.EventType.SpecificationName(), Convert.ToHexStringLower((e.Logged ?? default).Span));
                records.Add(new(records.Count, pcr.Index, Digests(prediction.Banks, e), "pcclient_std", content));
            }
        }

        return JsonSerializer.Serialize(records, MeasurementsSerializer.Context.IReadOnlyListCanonicalRecordJson);
    }

    internal static IReadOnlyList<CanonicalDigestJson> Digests(IReadOnlyList<TpmAlgorithm> banks, PredictedEvent e) =>
        [.. banks.Select(bank => new CanonicalDigestJson(bank.Name(), e.Digests[bank].ToString()))];
}
