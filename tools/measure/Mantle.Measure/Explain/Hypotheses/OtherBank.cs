using Mantle.Formats.Tpm;

namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>The values of one bank under the name of another, whole or cut to its size.</summary>
internal sealed class OtherBank : Hypothesis
{
    public override string Id => "other-bank";

    public override string Name => "values of another bank";

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        foreach (TpmAlgorithm named in context.Observations.Where(o => o.Differs).Select(o => o.Bank).Distinct())
        {
            foreach (TpmAlgorithm real in context.Expected.Prediction.Banks.Where(bank => bank != named))
            {
                yield return Make(
                    $"the values that are called {named.Name()} are those of bank {real.Name()}",
                    $"compare them with the {real.Name()} values, or read the bank {named.Name()}",
                    model => model with { Reading = (read, bank, index) => bank == named ? read.Value(real, index) : model.Read(bank, index) });
            }
        }
    }
}
