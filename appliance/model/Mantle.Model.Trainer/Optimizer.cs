using System.Numerics;
using System.Runtime.InteropServices;

namespace Mantle.Model.Trainer;

/// <summary>Adam (Kingma and Ba, 2015) over gradients that are cut to a length of one.</summary>
internal sealed class Optimizer(int count)
{
    private const float MeanDecay = 0.9f;
    private const float SquareDecay = 0.98f;
    private const float Epsilon = 1e-8f;
    private const int PartLength = 1 << 16;

    private readonly float[] _mean = new float[count];
    private readonly float[] _square = new float[count];
    private readonly double[] _parts = new double[(count + PartLength - 1) / PartLength];
    private double _meanWeight = 1;
    private double _squareWeight = 1;

    /// <summary>Changes the numbers against the sum of the gradients.</summary>
    public void Step(float[] values, IReadOnlyList<float[]> gradients, float rate)
    {
        // Parts of a fixed length, each summed by one thread, then in their order.
        Parallel.For(0, _parts.Length, part => _parts[part] = SumAndSquare(Part(gradients[0], part), gradients, part));
        double square = 0;
        foreach (double part in _parts)
        {
            square += part;
        }

        float scale = (float)(1 / Math.Max(1, Math.Sqrt(square)));
        _meanWeight *= MeanDecay;
        _squareWeight *= SquareDecay;
        float meanScale = (float)(rate / (1 - _meanWeight));
        float squareScale = (float)(1 / (1 - _squareWeight));
        Parallel.For(0, _parts.Length, part => Update(Part(values, part), Part(gradients[0], part), Part(_mean, part), Part(_square, part), scale, meanScale, squareScale));
    }

    private static double SumAndSquare(Span<float> sum, IReadOnlyList<float[]> gradients, int part)
    {
        double square = 0;
        for (int i = 1; i < gradients.Count; i++)
        {
            Span<float> other = Part(gradients[i], part);
            for (int j = 0; j < sum.Length; j++)
            {
                sum[j] += other[j];
            }
        }

        foreach (float number in sum)
        {
            square += (double)number * number;
        }

        return square;
    }

    private static void Update(Span<float> values, Span<float> gradient, Span<float> mean, Span<float> square, float scale, float meanScale, float squareScale)
    {
        Span<Vector<float>> value = MemoryMarshal.Cast<float, Vector<float>>(values);
        Span<Vector<float>> slope = MemoryMarshal.Cast<float, Vector<float>>(gradient);
        Span<Vector<float>> means = MemoryMarshal.Cast<float, Vector<float>>(mean);
        Span<Vector<float>> squares = MemoryMarshal.Cast<float, Vector<float>>(square);
        for (int i = 0; i < value.Length; i++)
        {
            Vector<float> cut = slope[i] * new Vector<float>(scale);
            means[i] = (means[i] * new Vector<float>(MeanDecay)) + (cut * new Vector<float>(1 - MeanDecay));
            squares[i] = (squares[i] * new Vector<float>(SquareDecay)) + (cut * cut * new Vector<float>(1 - SquareDecay));
            value[i] -= means[i] * new Vector<float>(meanScale) / (Vector.SquareRoot(squares[i] * new Vector<float>(squareScale)) + new Vector<float>(Epsilon));
        }
    }

    private static Span<float> Part(float[] numbers, int part) => numbers.AsSpan(part * PartLength, Math.Min(PartLength, numbers.Length - (part * PartLength)));
}
