using Mantle.Formats.Tpm;

namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>Software that knows only SHA-1 extended every bank with that digest, filled up with zeros.</summary>
internal sealed class Sha1Padded : Hypothesis
{
    public override string Id => "padded-sha1-digests";

    public override string Name => "SHA-1 digests extended into other banks";

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        if (context.Expected.Prediction.Banks.Contains(TpmAlgorithm.Sha1))
        {
            yield return Make(
                "every bank was extended with SHA-1 digests, filled up with zeros: firmware or loader knows SHA-1 only",
                "do not rely on other banks of that machine; update its firmware",
                model => model.Pcrs.Aggregate(model, (changed, pcr) => pcr.Value.IsUnknown ? changed : changed.With(pcr.Key, pcr.Value.WithEvents(pcr.Value.Events.Select(Pad)))));
        }
    }

    private static ModelEvent Pad(ModelEvent e)
    {
        if (!e.Digests.TryGetValue(TpmAlgorithm.Sha1, out TpmDigest sha1))
        {
            return e;
        }

        SortedDictionary<TpmAlgorithm, TpmDigest> padded = [];
        foreach (TpmAlgorithm bank in TpmHash.Computable)
        {
            byte[] digest = new byte[bank.DigestSize()];
            sha1.Bytes.CopyTo(digest);
            padded.Add(bank, new(bank, digest));
        }

        return e with { Digests = padded };
    }
}
