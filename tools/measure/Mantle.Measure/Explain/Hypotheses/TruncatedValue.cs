using Mantle.Formats.Tpm;

namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>Values that lost bytes at their end or beginning, or were filled up with zeros.</summary>
internal sealed class TruncatedValue : Hypothesis
{
    /// <summary>Fewer bytes could agree by chance.</summary>
    private const int Least = 8;

    public override string Id => "truncated-value";

    public override string Name => "values cut short";

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        foreach ((TpmAlgorithm named, int length) in context.Observations.Where(o => o.Differs).Select(o => (o.Bank, o.Actual.Length)).Distinct())
        {
            foreach (TpmAlgorithm real in context.Expected.Prediction.Banks.Where(bank => bank.DigestSize() > length && length >= Least))
            {
                string what = real == named ? $"the {named.Name()} values" : $"the values that are called {named.Name()} are {real.Name()} values and";
                string verb = real == named ? "are" : "were";
                yield return Cut(model => model[..length], named, length, real, $"{what} {verb} cut to {length} of {real.DigestSize()} bytes: the last are missing");
                yield return Cut(model => model[^length..], named, length, real, $"{what} {verb} cut to {length} of {real.DigestSize()} bytes: the first are missing");
            }
        }

        foreach (Observed filled in context.Observations.Where(o => o.Differs && o.Actual.Length == o.Expected.Length).DistinctBy(o => o.Bank))
        {
            int kept = filled.Actual.Span.LastIndexOfAnyExcept((byte)0) + 1;
            if (kept >= Least && kept < filled.Actual.Length && filled.Actual.Span.Slice(0, kept).SequenceEqual(filled.Expected.Span.Slice(0, kept)))
            {
                yield return Cut(
                    model => [.. model[..kept], .. new byte[model.Length - kept]], filled.Bank, filled.Actual.Length, filled.Bank,
                    $"the {filled.Bank.Name()} values were cut to {kept} bytes and filled up with zeros");
            }
        }
    }

    private Candidate Cut(Func<byte[], byte[]> cut, TpmAlgorithm named, int length, TpmAlgorithm real, string sentence) => Make(
        sentence, "take the whole value from where it was copied",
        model => model with
        {
            Reading = (read, bank, index) => bank == named && read.Value(real, index) is { } value && length <= value.Length ? cut(value) : model.Read(bank, index),
        });
}
