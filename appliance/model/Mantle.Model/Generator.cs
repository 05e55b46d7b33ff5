using System.Numerics;
using System.Runtime.InteropServices;

namespace Mantle.Model;

/// <summary>One text that a model reads or writes, token by token. Each has a state of its own; the model is shared.</summary>
public sealed class Generator
{
    private readonly ModelParameters _parameters;
    private readonly float[] _state;
    private readonly float[] _input;
    private readonly float[] _recurrent;
    private readonly float[] _logits;

    /// <param name="model">The model.</param>
    public Generator(LanguageModel model)
    {
        _parameters = model.Parameters;
        ModelShape shape = _parameters.Shape;
        _state = new float[shape.Hidden];
        _input = new float[shape.Gates];
        _recurrent = new float[shape.Gates];
        _logits = new float[shape.Vocabulary];
    }

    /// <summary>Takes a token in.</summary>
    public void Read(int token)
    {
        ModelShape shape = _parameters.Shape;
        _parameters.InputBias.CopyTo(_input);
        AddProduct(_parameters.Embedding.Slice(token * shape.Embedding, shape.Embedding), _parameters.Input, _input);
        _recurrent.AsSpan().Clear();
        AddProduct(_state, _parameters.Recurrent, _recurrent);
        UpdateState(shape.Hidden);
    }

    /// <summary>How likely each token is to be the next, as logarithms up to a constant. Valid until the next call.</summary>
    public Span<float> Predict()
    {
        _parameters.OutputBias.CopyTo(_logits);
        AddProduct(_state, _parameters.Output, _logits);
        return _logits;
    }

    private void UpdateState(int hidden)
    {
        Span<Vector<float>> state = Vectors(_state.AsSpan());
        ReadOnlySpan<Vector<float>> input = Vectors(_input);
        ReadOnlySpan<Vector<float>> recurrent = Vectors(_recurrent);
        ReadOnlySpan<Vector<float>> bias = Vectors(_parameters.CandidateBias);
        int count = hidden / Vector<float>.Count;
        for (int i = 0; i < count; i++)
        {
            Vector<float> reset = Functions.Sigmoid(input[i] + recurrent[i]);
            Vector<float> update = Functions.Sigmoid(input[count + i] + recurrent[count + i]);
            Vector<float> candidate = Functions.Tanh(input[(2 * count) + i] + (reset * (recurrent[(2 * count) + i] + bias[i])));
            state[i] = candidate + (update * (state[i] - candidate));
        }
    }

    /// <summary>Adds a vector times a matrix, the matrix row by row; each number of the result is one sum in the order of the rows.</summary>
    private static void AddProduct(ReadOnlySpan<float> vector, ReadOnlySpan<float> matrix, Span<float> result)
    {
        // Four rows at a time, for the sums to be loaded and stored a quarter as often. All sizes are multiples of 16.
        int width = result.Length;
        Span<Vector<float>> sums = Vectors(result);
        for (int row = 0; row < vector.Length; row += 4)
        {
            ReadOnlySpan<Vector<float>> first = Vectors(matrix.Slice(row * width, width))[..sums.Length];
            ReadOnlySpan<Vector<float>> second = Vectors(matrix.Slice((row + 1) * width, width))[..sums.Length];
            ReadOnlySpan<Vector<float>> third = Vectors(matrix.Slice((row + 2) * width, width))[..sums.Length];
            ReadOnlySpan<Vector<float>> fourth = Vectors(matrix.Slice((row + 3) * width, width))[..sums.Length];
            Vector<float> a = new(vector[row]);
            Vector<float> b = new(vector[row + 1]);
            Vector<float> c = new(vector[row + 2]);
            Vector<float> d = new(vector[row + 3]);
            for (int i = 0; i < sums.Length; i++)
            {
                sums[i] = sums[i] + (a * first[i]) + (b * second[i]) + (c * third[i]) + (d * fourth[i]);
            }
        }
    }

    private static Span<Vector<float>> Vectors(Span<float> numbers) => MemoryMarshal.Cast<float, Vector<float>>(numbers);

    private static ReadOnlySpan<Vector<float>> Vectors(ReadOnlySpan<float> numbers) => MemoryMarshal.Cast<float, Vector<float>>(numbers);
}
