using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Comparison;

/// <summary>Predicts both sides and says which PCRs move and which measured input moves them.</summary>
internal static class PcrComparer
{
    /// <summary>The bank that EC2 attests.</summary>
    private const TpmAlgorithm Bank = TpmAlgorithm.Sha384;

    public static IReadOnlyList<PcrMovement> Compare(DifferenceList list, ByteSource a, ByteSource b)
    {
        ImagePrediction? ofA = Predict(list, "A", a);
        ImagePrediction? ofB = Predict(list, "B", b);
        return ofA is null || ofB is null ? [] : [.. PredictionOptions.ImagePcrs.Select(index => Compare(index, ofA, ofB))];
    }

    private static ImagePrediction? Predict(DifferenceList list, string name, ByteSource image)
    {
        try
        {
            return Predictor.Predict(image, new() { Banks = [Bank], Pcrs = PredictionOptions.ImagePcrs });
        }
        catch (Exception e) when (e is MalformedInputException or UserErrorException)
        {
            list.NotePcrs(name, e.Message);
            return null;
        }
    }

    private static PcrMovement Compare(int index, ImagePrediction a, ImagePrediction b)
    {
        PredictedPcr? ofA = a.Pcrs.FirstOrDefault(pcr => pcr.Index == index);
        PredictedPcr? ofB = b.Pcrs.FirstOrDefault(pcr => pcr.Index == index);
        if (ofA is null || ofB is null)
        {
            return new(index, ofA?.Values[Bank].ToString(), ofB?.Values[Bank].ToString(), [.. Unknown("A", a, index), .. Unknown("B", b, index)]);
        }

        string valueA = ofA.Values[Bank].ToString();
        string valueB = ofB.Values[Bank].ToString();
        return new(index, valueA, valueB, valueA == valueB ? [] : Reasons(ofA, ofB));
    }

    private static List<string> Reasons(PredictedPcr a, PredictedPcr b)
    {
        List<(string Key, PredictedEvent Event)> eventsA = Keyed(a.Events);
        List<(string Key, PredictedEvent Event)> eventsB = Keyed(b.Events);
        Dictionary<string, PredictedEvent> ofB = eventsB.ToDictionary(keyed => keyed.Key, keyed => keyed.Event, StringComparer.Ordinal);
        List<string> reasons = [];
        foreach ((string key, PredictedEvent e) in eventsA)
        {
            if (!ofB.Remove(key, out PredictedEvent? other))
            {
                reasons.Add($"no longer measured: {Describe(e)}");
            }
            else if (e.Digests[Bank] != other.Digests[Bank])
            {
                reasons.Add(e.Description == other.Description ? Describe(e) : $"{Describe(e)}, now {other.Description}");
            }
        }

        reasons.AddRange(eventsB.Where(keyed => ofB.ContainsKey(keyed.Key)).Select(keyed => $"newly measured: {Describe(keyed.Event)}"));
        return reasons.Count > 0 ? reasons : ["the same events in another order"];
    }

    /// <summary>Events by what they come from and their number among those; the description may hold what changed.</summary>
    private static List<(string Key, PredictedEvent Event)> Keyed(IReadOnlyList<PredictedEvent> events)
    {
        Dictionary<string, int> counts = new(StringComparer.Ordinal);
        List<(string, PredictedEvent)> keyed = [];
        foreach (PredictedEvent e in events)
        {
            string source = $"{e.EventType} {e.Source.Kind} {e.Source.Name}";
            counts[source] = counts.GetValueOrDefault(source) + 1;
            keyed.Add(($"{source} {counts[source]}", e));
        }

        return keyed;
    }

    private static string Describe(PredictedEvent e) => $"{MeasurementsMapping.NameOf(e.Source.Kind)} {e.Source.Name}: {e.Description}";

    private static IEnumerable<string> Unknown(string name, ImagePrediction prediction, int index) =>
        prediction.Unpredicted.Where(pcr => pcr.Index == index).Select(pcr => $"not predicted for {name}: {pcr.Reason}");
}
