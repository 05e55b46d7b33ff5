using System.Text.Json;
using Mantle.Formats.Tpm;
using Mantle.Measure.Twin;

namespace Mantle.Measure.Prediction;

/// <summary>
/// What AWS's nitro-tpm-pcr-compute prints: the SHA-384 values of PCR 4, 7 and 12. That tool has no other bank or PCR.
/// </summary>
public static class AwsMeasurements
{
    /// <summary>The PCRs that the text needs.</summary>
    public static IReadOnlyList<int> Pcrs { get; } = [4, 7, 12];

    /// <summary>The JSON text, without a final newline.</summary>
    /// <exception cref="UserErrorException">The prediction lacks the bank or one of the PCRs, or it is a debug twin's: the text is for a key policy.</exception>
    public static string Format(ImagePrediction prediction)
    {
        DebugTwin.Refuse(prediction, prediction.BootFile);
        string Value(int index) =>
            prediction.Pcrs.FirstOrDefault(pcr => pcr.Index == index)?.Values.TryGetValue(TpmAlgorithm.Sha384, out TpmDigest value) == true
                ? value.ToString()
                : throw new UserErrorException(
                    $"PCR {index} of bank sha384 is not predicted{Because(prediction, index)}", "the AWS format needs PCR 4, 7 and 12 of bank sha384");

        AwsMeasurementsJson json = new(new("SHA384", Value(4), Value(7), Value(12)));
        return JsonSerializer.Serialize(json, MeasurementsSerializer.Context.AwsMeasurementsJson);
    }

    private static string Because(ImagePrediction prediction, int index) =>
        prediction.Unpredicted.FirstOrDefault(pcr => pcr.Index == index) is { } unknown ? $": {unknown.Reason}" : "";
}
