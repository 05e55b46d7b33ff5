using Mantle.Formats.Bytes;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Explain;

/// <summary>Events over contents that are too large for memory.</summary>
internal static class StreamedEvent
{
    public static ModelEvent Of(EventType type, ByteSource data, string description, string section)
    {
        byte[][] digests = ContentDigest.Compute([data], [.. TpmHash.Computable.Select(bank => bank.AlgorithmName())])[0];
        SortedDictionary<TpmAlgorithm, TpmDigest> perBank = [];
        for (int i = 0; i < digests.Length; i++)
        {
            perBank.Add(TpmHash.Computable[i], new(TpmHash.Computable[i], digests[i]));
        }

        return new(type, perBank, description, section.Length == 0 ? new(EventSourceKind.File, "boot file") : new(EventSourceKind.Section, section));
    }
}
