using System.Text.Json;

namespace Mantle.Measure.Prediction;

/// <summary>
/// A prediction as systemd-pcrlock reads it from <c>/etc/pcrlock.d/*.pcrlock</c>: the extends in order, without words (systemd.pcrlock(5)). PCRs that the
/// firmware or the running system decides are left out, for pcrlock would take them for complete.
/// </summary>
public static class PcrlockFile
{
    /// <summary>The JSON text, without a final newline.</summary>
    public static string Format(ImagePrediction prediction)
    {
        PcrlockJson json = new(
        [
            .. prediction.Pcrs.Where(pcr => pcr.Basis == PcrBasis.Image).SelectMany(pcr => pcr.Events.Select(e => new PcrlockRecordJson(
                pcr.Index, CanonicalEventLog.Digests(prediction.Banks, e)))),
        ]);
        return JsonSerializer.Serialize(json, MeasurementsSerializer.Context.PcrlockJson);
    }
}
