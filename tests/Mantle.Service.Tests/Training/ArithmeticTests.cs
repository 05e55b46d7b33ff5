using System.Numerics;
using CsCheck;
using Mantle.Model;
using Mantle.Model.Trainer;

namespace Mantle.Service.Tests.Training;

public class ArithmeticTests
{
    [Fact]
    public void The_functions_are_those_of_the_textbook()
    {
        for (float x = -80; x < 80; x += 0.0371f)
        {
            Assert.InRange(Functions.Exp(new(x))[0] / MathF.Exp(x), 1 - 4e-7, 1 + 4e-7);
            Assert.Equal(1 / (1 + Math.Exp(-x)), Functions.Sigmoid(new(x))[0], 3e-7);
            Assert.Equal(Math.Tanh(x), Functions.Tanh(new(x))[0], 6e-7);
        }

        Assert.Equal(1, Functions.Exp(Vector<float>.Zero)[0]);
        Assert.True(float.IsFinite(Functions.Exp(new(1e9f))[0]));
        Assert.True(Functions.Exp(new(-1e9f))[0] >= 0);
    }

    [Fact]
    public void A_packed_product_is_the_product()
    {
        SequenceOfNumbers numbers = new(3);
        (int rows, int inner, int columns) = (8, 20, 48);
        float[] left = Make(rows * inner);
        float[] right = Make(inner * columns);
        float[] transposed = new float[right.Length];
        float[] start = Make(rows * columns);
        double[] expected = [.. start.Select(number => (double)number)];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                for (int i = 0; i < inner; i++)
                {
                    expected[(row * columns) + column] += (double)left[(row * inner) + i] * right[(i * columns) + column];
                    transposed[(column * inner) + i] = right[(i * columns) + column];
                }
            }
        }

        PackedMatrix matrix = new(inner, columns);
        matrix.Pack(right);
        float[] result = [.. start];
        matrix.AddProduct(left, result);
        Assert.All(result, (number, i) => Assert.Equal(expected[i], number, 1e-5));

        matrix.PackTransposed(transposed);
        float[] again = [.. start];
        matrix.AddProduct(left, again);
        Assert.Equal(result, again);

        float[] Make(int count) => [.. Enumerable.Range(0, count).Select(_ => numbers.Next())];
    }

    [Fact]
    public void A_sampler_draws_as_often_as_the_model_says_and_never_what_is_cut_off()
    {
        float[] logits = [0, MathF.Log(0.5f), MathF.Log(0.3f), MathF.Log(0.2f)];
        Assert.Equal(0, new Sampler(0, 1, () => 0).Choose(logits, mayEnd: true));
        Assert.Equal(1, new Sampler(0, 1, () => 0).Choose(logits, mayEnd: false));

        int[] drawn = new int[4];
        double at = 0;
        Sampler sampler = new(1, 1, () => at += 0.001);
        while (at < 0.999)
        {
            drawn[sampler.Choose(logits, mayEnd: false)]++;
        }

        Assert.InRange(drawn[1], 495, 505);
        Assert.InRange(drawn[2], 295, 305);
        Gen.Double[0, 0.999999].Sample(uniform => Assert.InRange(new Sampler(1, 0.7, () => uniform).Choose(logits, mayEnd: false), 1, 2), iter: 100);
        Gen.Double[0, 0.999999].Sample(uniform => Assert.Equal(1, new Sampler(1, 0, () => uniform).Choose(logits, mayEnd: false)), iter: 100);
    }
}
