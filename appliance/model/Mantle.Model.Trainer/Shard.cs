using System.Numerics;
using System.Runtime.InteropServices;

namespace Mantle.Model.Trainer;

/// <summary>
/// A fixed part of each batch: so many texts that are read side by side, so many tokens at a time, the state carried on from one time to the next. One thread works on it,
/// with buffers of its own, so that no sum depends on how many threads there are.
/// </summary>
internal sealed partial class Shard
{
    private readonly ModelShape _shape;
    private readonly int _texts;
    private readonly int _steps;
    private readonly int[] _inputs;
    private readonly int[] _targets;
    private readonly float[] _embedded;
    private readonly float[] _gates;
    private readonly float[] _recurrent;
    private readonly float[] _states;
    private readonly float[] _logits;

    /// <param name="shape">The model's sizes; every one a multiple of 24 as well.</param>
    /// <param name="texts">Texts side by side, a multiple of 4.</param>
    /// <param name="steps">Tokens at a time: how far back an error is followed.</param>
    public Shard(ModelShape shape, int texts, int steps)
    {
        (_shape, _texts, _steps) = (shape, texts, steps);
        int rows = texts * steps;
        _inputs = new int[rows];
        _targets = new int[rows];
        _embedded = new float[rows * shape.Embedding];
        _gates = new float[rows * shape.Gates];
        _recurrent = new float[rows * shape.Gates];
        _states = new float[(rows + texts) * shape.Hidden];
        _logits = new float[rows * shape.Vocabulary];
        Gradient = new(shape, new float[shape.Parameters]);
        _errors = new ErrorBuffers(shape, texts, rows);
    }

    /// <summary>What the last batch asks each number to change by.</summary>
    public ModelParameters Gradient { get; }

    /// <summary>The likelihood's negative logarithm, summed over the last batch's tokens.</summary>
    public double Loss { get; private set; }

    /// <summary>Row <c>step * texts + text</c>: the token that is read.</summary>
    public Span<int> Inputs => _inputs;

    /// <summary>The token that should follow it.</summary>
    public Span<int> Targets => _targets;

    /// <summary>Logits of the last forward pass before <see cref="Forward"/> makes likelihoods of them, for tests.</summary>
    public Action<float[]>? OnLogits { get; set; }

    /// <summary>Reads the batch and says what it thinks of it.</summary>
    public void Forward(ModelParameters parameters, PackedWeights weights)
    {
        int hidden = _shape.Hidden;
        int perStep = _texts * hidden;

        // The state after the last batch is the state before this one.
        _states.AsSpan(_steps * perStep).CopyTo(_states);
        for (int row = 0; row < _inputs.Length; row++)
        {
            parameters.Embedding.Slice(_inputs[row] * _shape.Embedding, _shape.Embedding).CopyTo(_embedded.AsSpan(row * _shape.Embedding));
        }

        Repeat(parameters.InputBias, _gates);
        weights.Input.AddProduct(_embedded, _gates);
        _recurrent.AsSpan().Clear();
        for (int step = 0; step < _steps; step++)
        {
            Span<float> recurrent = _recurrent.AsSpan(step * _texts * _shape.Gates, _texts * _shape.Gates);
            weights.Recurrent.AddProduct(_states.AsSpan(step * perStep, perStep), recurrent);
            for (int text = 0; text < _texts; text++)
            {
                int row = (step * _texts) + text;
                UpdateState(
                    _gates.AsSpan(row * _shape.Gates, _shape.Gates), recurrent.Slice(text * _shape.Gates, _shape.Gates), parameters.CandidateBias,
                    _states.AsSpan(row * hidden, hidden), _states.AsSpan((row + _texts) * hidden, hidden));
            }
        }

        Repeat(parameters.OutputBias, _logits);
        weights.Output.AddProduct(_states.AsSpan(perStep), _logits);
        OnLogits?.Invoke(_logits);
        Loss = 0;
        for (int row = 0; row < _targets.Length; row++)
        {
            Loss += MakeLikelihoods(_logits.AsSpan(row * _shape.Vocabulary, _shape.Vocabulary), _targets[row]);
        }
    }

    /// <summary>Leaves the gates themselves where their sums were, and the candidate's recurrent part with its bias in <paramref name="recurrent"/>.</summary>
    private static void UpdateState(Span<float> gates, Span<float> recurrent, ReadOnlySpan<float> candidateBias, ReadOnlySpan<float> before, Span<float> after)
    {
        Span<Vector<float>> gate = Vectors(gates);
        Span<Vector<float>> product = Vectors(recurrent);
        ReadOnlySpan<Vector<float>> bias = Vectors(candidateBias);
        ReadOnlySpan<Vector<float>> old = Vectors(before);
        Span<Vector<float>> state = Vectors(after);
        int count = old.Length;
        for (int i = 0; i < count; i++)
        {
            Vector<float> reset = Functions.Sigmoid(gate[i] + product[i]);
            Vector<float> update = Functions.Sigmoid(gate[count + i] + product[count + i]);
            Vector<float> inner = product[(2 * count) + i] + bias[i];
            Vector<float> candidate = Functions.Tanh(gate[(2 * count) + i] + (reset * inner));
            state[i] = candidate + (update * (old[i] - candidate));
            (gate[i], gate[count + i], gate[(2 * count) + i], product[(2 * count) + i]) = (reset, update, candidate, inner);
        }
    }

    /// <summary>Makes likelihoods of a row of logits and returns the target's negative logarithm.</summary>
    private static double MakeLikelihoods(Span<float> row, int target)
    {
        Span<Vector<float>> vectors = Vectors(row);
        float greatest = float.MinValue;
        foreach (float logit in row)
        {
            greatest = MathF.Max(greatest, logit);
        }

        double loss = greatest - row[target];
        Vector<float> shift = new(greatest);
        for (int i = 0; i < vectors.Length; i++)
        {
            vectors[i] = Functions.Exp(vectors[i] - shift);
        }

        // One by one, for the order of a sum by vectors depends on their width.
        float sum = 0;
        foreach (float likelihood in row)
        {
            sum += likelihood;
        }

        Vector<float> scale = new(1 / sum);
        for (int i = 0; i < vectors.Length; i++)
        {
            vectors[i] *= scale;
        }

        return loss + Math.Log(sum);
    }

    private static void Repeat(ReadOnlySpan<float> bias, Span<float> rows)
    {
        for (int at = 0; at < rows.Length; at += bias.Length)
        {
            bias.CopyTo(rows[at..]);
        }
    }

    private static Span<Vector<float>> Vectors(Span<float> numbers) => MemoryMarshal.Cast<float, Vector<float>>(numbers);

    private static ReadOnlySpan<Vector<float>> Vectors(ReadOnlySpan<float> numbers) => MemoryMarshal.Cast<float, Vector<float>>(numbers);
}
