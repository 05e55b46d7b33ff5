using System.Numerics;

namespace Mantle.Model.Trainer;

/// <summary>The way back: from how wrong each likelihood was to what every number of the model has to do with it.</summary>
internal sealed partial class Shard
{
    private readonly ErrorBuffers _errors;

    /// <summary>Fills <see cref="Gradient"/>, that of the mean loss over <paramref name="tokens"/> tokens.</summary>
    /// <param name="weights">Those of the way forward.</param>
    /// <param name="tokens">Tokens of the whole batch, all shards together.</param>
    public void Backward(PackedWeights weights, int tokens)
    {
        Gradient.Values.AsSpan().Clear();
        int perStep = _texts * _shape.Hidden;
        LogitErrors(1f / tokens);
        AddColumns(_logits, Gradient.OutputBias);
        _errors.PackedLogits.Pack(_logits);
        _errors.PackedLogits.AddProduct(Transpose(_states.AsSpan(perStep), _shape.Hidden), Gradient.Output);
        _errors.States.AsSpan().Clear();
        weights.OutputTransposed.AddProduct(_logits, _errors.States);

        _errors.Carried.AsSpan().Clear();
        for (int step = _steps - 1; step >= 0; step--)
        {
            for (int text = 0; text < _texts; text++)
            {
                GateErrors((step * _texts) + text, text);
            }

            weights.RecurrentTransposed.AddProduct(_errors.RecurrentGates.AsSpan(step * _texts * _shape.Gates, _texts * _shape.Gates), _errors.Carried);
        }

        AddColumns(_errors.InputGates, Gradient.InputBias);
        for (int row = 0; row < _inputs.Length; row++)
        {
            Add(Vectors(_errors.RecurrentGates.AsSpan((row * _shape.Gates) + (2 * _shape.Hidden), _shape.Hidden)), Vectors(Gradient.CandidateBias));
        }

        _errors.PackedGates.Pack(_errors.RecurrentGates);
        _errors.PackedGates.AddProduct(Transpose(_states.AsSpan(0, _steps * perStep), _shape.Hidden), Gradient.Recurrent);
        _errors.PackedGates.Pack(_errors.InputGates);
        _errors.PackedGates.AddProduct(Transpose(_embedded, _shape.Embedding), Gradient.Input);
        _errors.Embedded.AsSpan().Clear();
        weights.InputTransposed.AddProduct(_errors.InputGates, _errors.Embedded);
        for (int row = 0; row < _inputs.Length; row++)
        {
            Add(
                Vectors(_errors.Embedded.AsSpan(row * _shape.Embedding, _shape.Embedding)),
                Vectors(Gradient.Embedding.Slice(_inputs[row] * _shape.Embedding, _shape.Embedding)));
        }
    }

    /// <summary>The error of a logit is its likelihood, less one for the token that came.</summary>
    private void LogitErrors(float scale)
    {
        for (int row = 0; row < _targets.Length; row++)
        {
            _logits[(row * _shape.Vocabulary) + _targets[row]] -= 1;
        }

        foreach (ref Vector<float> error in Vectors(_logits.AsSpan()))
        {
            error *= new Vector<float>(scale);
        }
    }

    private void GateErrors(int row, int text)
    {
        int hidden = _shape.Hidden;
        ReadOnlySpan<Vector<float>> own = Vectors(_errors.States.AsSpan(row * hidden, hidden));
        Span<Vector<float>> carried = Vectors(_errors.Carried.AsSpan(text * hidden, hidden));
        ReadOnlySpan<Vector<float>> before = Vectors(_states.AsSpan(row * hidden, hidden));
        ReadOnlySpan<Vector<float>> gates = Vectors(_gates.AsSpan(row * _shape.Gates, _shape.Gates));
        ReadOnlySpan<Vector<float>> recurrent = Vectors(_recurrent.AsSpan(row * _shape.Gates, _shape.Gates));
        Span<Vector<float>> inputErrors = Vectors(_errors.InputGates.AsSpan(row * _shape.Gates, _shape.Gates));
        Span<Vector<float>> recurrentErrors = Vectors(_errors.RecurrentGates.AsSpan(row * _shape.Gates, _shape.Gates));
        int count = own.Length;
        for (int i = 0; i < count; i++)
        {
            (Vector<float> reset, Vector<float> update, Vector<float> candidate) = (gates[i], gates[count + i], gates[(2 * count) + i]);
            Vector<float> error = own[i] + carried[i];
            Vector<float> candidateError = error * (Vector<float>.One - update) * (Vector<float>.One - (candidate * candidate));
            Vector<float> updateError = error * (before[i] - candidate) * update * (Vector<float>.One - update);
            Vector<float> resetError = candidateError * recurrent[(2 * count) + i] * reset * (Vector<float>.One - reset);
            carried[i] = error * update;
            inputErrors[i] = recurrentErrors[i] = resetError;
            inputErrors[count + i] = recurrentErrors[count + i] = updateError;
            inputErrors[(2 * count) + i] = candidateError;
            recurrentErrors[(2 * count) + i] = candidateError * reset;
        }
    }

    private Span<float> Transpose(ReadOnlySpan<float> matrix, int columns)
    {
        int rows = matrix.Length / columns;
        Span<float> transposed = _errors.Transposed.AsSpan(0, matrix.Length);
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> source = matrix.Slice(row * columns, columns);
            for (int column = 0; column < source.Length; column++)
            {
                transposed[(column * rows) + row] = source[column];
            }
        }

        return transposed;
    }

    private static void AddColumns(ReadOnlySpan<float> rows, Span<float> sums)
    {
        for (int at = 0; at < rows.Length; at += sums.Length)
        {
            Add(Vectors(rows.Slice(at, sums.Length)), Vectors(sums));
        }
    }

    private static void Add(ReadOnlySpan<Vector<float>> numbers, Span<Vector<float>> sums)
    {
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] += numbers[i];
        }
    }
}
