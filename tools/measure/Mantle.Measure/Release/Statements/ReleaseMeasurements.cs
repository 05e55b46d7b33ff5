using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Release;

/// <summary>The register values of one mode that the image decides, per bank.</summary>
/// <param name="Banks">Bank, then PCR index, then value; both ascending.</param>
public sealed record ReleaseMeasurements(IReadOnlyDictionary<TpmAlgorithm, IReadOnlyDictionary<int, TpmDigest>> Banks)
{
    /// <summary>The values of a prediction, without the registers that firmware or operating system decide.</summary>
    public static ReleaseMeasurements Of(ImagePrediction prediction)
    {
        SortedDictionary<TpmAlgorithm, IReadOnlyDictionary<int, TpmDigest>> banks = [];
        foreach (TpmAlgorithm bank in prediction.Banks)
        {
            SortedDictionary<int, TpmDigest> values = [];
            foreach (PredictedPcr pcr in prediction.Pcrs.Where(pcr => pcr.Basis == PcrBasis.Image))
            {
                values.Add(pcr.Index, pcr.Values[bank]);
            }

            banks.Add(bank, values);
        }

        return new(banks);
    }

    /// <summary>The first difference in words, or null when all values are equal.</summary>
    public string? Difference(ReleaseMeasurements other)
    {
        foreach (TpmAlgorithm bank in Banks.Keys.Union(other.Banks.Keys).Order())
        {
            if (!Banks.TryGetValue(bank, out IReadOnlyDictionary<int, TpmDigest>? ours) || !other.Banks.TryGetValue(bank, out IReadOnlyDictionary<int, TpmDigest>? theirs))
            {
                return $"only one of the two has the bank {bank.Name()}";
            }

            foreach (int index in ours.Keys.Union(theirs.Keys).Order())
            {
                bool inOurs = ours.TryGetValue(index, out TpmDigest our);
                bool inTheirs = theirs.TryGetValue(index, out TpmDigest their);
                if (!inOurs || !inTheirs || our != their)
                {
                    return $"{bank.Name()} PCR {index} is {(inOurs ? our.ToString() : "absent")}, not {(inTheirs ? their.ToString() : "absent")}";
                }
            }
        }

        return null;
    }
}
