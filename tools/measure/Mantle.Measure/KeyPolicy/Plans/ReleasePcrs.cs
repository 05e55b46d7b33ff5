using Mantle.Formats.Tpm;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.KeyPolicy.Plans;

/// <summary>What a release's instances will attest: the SHA-384 bank of its measurements.json.</summary>
public static class ReleasePcrs
{
    /// <summary>All predicted PCRs of the bank that NitroTPM attests.</summary>
    /// <exception cref="UserErrorException">One of the bound PCRs is not predicted.</exception>
    public static AttestedPcrs Of(string name, ImagePrediction prediction)
    {
        Dictionary<int, string> values = [];
        foreach (PredictedPcr pcr in prediction.Pcrs)
        {
            if (pcr.Values.TryGetValue(TpmAlgorithm.Sha384, out TpmDigest value))
            {
                values.Add(pcr.Index, value.ToString());
            }
        }

        foreach (int pcr in AttestedPcrs.Bound)
        {
            if (!values.ContainsKey(pcr))
            {
                throw new UserErrorException($"the measurements of \"{name}\" lack PCR {pcr} of bank sha384", "predict them with: measure predict IMAGE --json");
            }
        }

        return new() { Name = name, Values = values };
    }
}
