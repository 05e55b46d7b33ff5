namespace Mantle.Model;

/// <summary>Chooses the next token.</summary>
/// <param name="temperature">0 takes the likeliest; 1 takes each as often as the model says; more, the unlikely ones more often.</param>
/// <param name="topP">Only the likeliest tokens that together are at least this likely are chosen from (Holtzman et al., 2020).</param>
/// <param name="uniform">Gives a number from 0 up to but not including 1.</param>
public sealed class Sampler(double temperature, double topP, Func<double> uniform)
{
    private double[] _likelihoods = [];
    private int[] _tokens = [];

    /// <summary>Chooses one.</summary>
    /// <param name="logits">What <see cref="Generator.Predict"/> returned.</param>
    /// <param name="mayEnd">Whether the text may end here.</param>
    public int Choose(ReadOnlySpan<float> logits, bool mayEnd)
    {
        int first = mayEnd ? 0 : Tokenizer.End + 1;
        int likeliest = first;
        for (int token = first + 1; token < logits.Length; token++)
        {
            likeliest = logits[token] > logits[likeliest] ? token : likeliest;
        }

        return temperature == 0 ? likeliest : Draw(logits, first, logits[likeliest]);
    }

    private int Draw(ReadOnlySpan<float> logits, int first, float greatest)
    {
        int count = logits.Length - first;
        Array.Resize(ref _likelihoods, count);
        Array.Resize(ref _tokens, count);
        double sum = 0;
        for (int i = 0; i < count; i++)
        {
            _tokens[i] = first + i;
            _likelihoods[i] = -Math.Exp((logits[first + i] - greatest) / temperature);
            sum -= _likelihoods[i];
        }

        // Negative, so that the likeliest comes first; among equals, the array's own order is as good as another.
        Array.Sort(_likelihoods, _tokens);
        double within = 0;
        int kept = 0;
        while (kept < count && (kept == 0 || within < topP * sum))
        {
            within -= _likelihoods[kept++];
        }

        double at = uniform() * within;
        for (int i = 0; i < kept; i++)
        {
            at += _likelihoods[i];
            if (at < 0)
            {
                return _tokens[i];
            }
        }

        return _tokens[0];
    }
}
