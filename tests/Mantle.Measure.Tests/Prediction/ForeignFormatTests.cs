using System.Text.Json;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Tests.Prediction;

/// <summary>Predictions in the forms of other projects: whoever replays them gets the predicted values.</summary>
public class ForeignFormatTests
{
    private static readonly ImagePrediction s_prediction = Predictor.Predict(TestUki.Make(), new() { Banks = TpmHash.Computable });

    [Fact]
    public void A_canonical_event_log_replays_to_the_predicted_values()
    {
        JsonElement records = JsonDocument.Parse(CanonicalEventLog.Format(s_prediction)).RootElement;
        JsonElement action = records.EnumerateArray().First(record => record.GetProperty("pcr").GetInt32() == 4);

        Assert.Equal(Enumerable.Range(0, records.GetArrayLength()), records.EnumerateArray().Select(record => record.GetProperty("recnum").GetInt32()));
        Assert.Equal("pcclient_std", action.GetProperty("content_type").GetString());
        Assert.Equal("EV_EFI_ACTION", action.GetProperty("content").GetProperty("event_type").GetString());
        Assert.Equal(
            "Calling EFI Application from Boot Option",
            System.Text.Encoding.ASCII.GetString(Convert.FromHexString(action.GetProperty("content").GetProperty("event_data").GetString()!)));
        AssertReplays(records, s_prediction.Pcrs);
    }

    [Fact]
    public void A_pcrlock_file_replays_to_the_values_that_the_image_decides() =>
        AssertReplays(
            JsonDocument.Parse(PcrlockFile.Format(s_prediction)).RootElement.GetProperty("records"),
            [.. s_prediction.Pcrs.Where(pcr => pcr.Basis == PcrBasis.Image)]);

    private static void AssertReplays(JsonElement records, IReadOnlyList<PredictedPcr> expected)
    {
        PcrState state = new(TpmHash.Computable);
        foreach (JsonElement record in records.EnumerateArray())
        {
            foreach (JsonElement digest in record.GetProperty("digests").EnumerateArray())
            {
                Assert.True(TpmHash.TryParse(digest.GetProperty("hashAlg").GetString()!, out TpmAlgorithm bank));
                state.Extend(record.GetProperty("pcr").GetInt32(), TpmDigest.FromHex(bank, digest.GetProperty("digest").GetString()!));
            }
        }

        PcrValues values = state.ToValues();
        Assert.All(expected, pcr => Assert.All(pcr.Values, value => Assert.Equal(value.Value, values[value.Key, pcr.Index])));
    }
}
