using System.Security.Cryptography;
using Mantle.Model;
using Mantle.Model.Trainer;

namespace Mantle.Service.Tests.Training;

public class TrainingTests
{
    private static readonly ModelShape s_shape = TinyModel.Plan.Shape;

    [Fact]
    public void The_gradient_is_that_of_finite_differences()
    {
        ModelParameters parameters = Mantle.Model.Trainer.Training.InitialParameters(s_shape, 5);
        (_, ModelParameters gradient) = Evaluate(parameters);

        // Along the gradient of one tensor the loss rises by the gradient's square: if it were not the gradient, it would rise by less.
        (int Start, int Length)[] tensors = Tensors();
        Assert.Equal(s_shape.Parameters, tensors.Sum(tensor => tensor.Length));
        foreach ((int start, int length) in tensors)
        {
            double square = gradient.Values.Skip(start).Take(length).Sum(number => (double)number * number);
            float step = (float)(0.01 / Math.Sqrt(square));
            double rise = (Evaluate(Moved(step)).Loss - Evaluate(Moved(-step)).Loss) / (2 * step);
            Assert.InRange(rise / square, 0.98, 1.02);

            ModelParameters Moved(float by)
            {
                float[] values = [.. parameters.Values];
                for (int i = start; i < start + length; i++)
                {
                    values[i] += by * gradient.Values[i];
                }

                return new(s_shape, values);
            }
        }
    }

    [Fact]
    public void Inference_predicts_what_the_forward_pass_of_training_does()
    {
        (int texts, int steps) = (4, 7);
        Shard shard = MakeShard(texts, steps);
        float[] trained = [];
        shard.OnLogits = logits => trained = [.. logits];
        PackedWeights weights = new(s_shape);
        weights.Pack(TinyModel.Untrained.Parameters);
        shard.Forward(TinyModel.Untrained.Parameters, weights);
        for (int text = 0; text < texts; text++)
        {
            Generator generator = new(TinyModel.Untrained);
            for (int step = 0; step < steps; step++)
            {
                int row = (step * texts) + text;
                generator.Read(shard.Inputs[row]);
                float[] predicted = generator.Predict().ToArray();
                Assert.All(predicted, (logit, i) => Assert.Equal(trained[(row * s_shape.Vocabulary) + i], logit, 1e-5f));
            }
        }
    }

    [Fact]
    public void A_minute_text_is_learnt_in_a_moment_and_always_to_the_same_bytes()
    {
        (double[] losses, byte[] file) = Train();
        Assert.InRange(losses[0], 5, 6.5); // the logarithm of the vocabulary: it knows nothing
        Assert.InRange(losses[^1], 0, losses[0] / 2);
        Assert.Equal(file, Train().File);

        // The same on every machine: a difference here is one in the arithmetic.
        Assert.Equal("a732f960fe21639abe562978906b3f45", Convert.ToHexStringLower(SHA256.HashData(file))[..32]);
    }

    private static (double[] Losses, byte[] File) Train()
    {
        Mantle.Model.Trainer.Training training = new(TinyModel.Plan, TinyModel.Tokens);
        List<double> losses = [];
        training.Run((_, loss) => losses.Add(loss));
        return ([.. losses], TinyModel.File(TinyModel.Untrained with { Parameters = training.Parameters }));
    }

    private static (double Loss, ModelParameters Gradient) Evaluate(ModelParameters parameters)
    {
        (int texts, int steps) = (4, 6);
        Shard shard = MakeShard(texts, steps);
        PackedWeights weights = new(s_shape);
        weights.Pack(parameters);
        shard.Forward(parameters, weights);
        double loss = shard.Loss / (texts * steps);
        shard.Backward(weights, texts * steps);
        return (loss, shard.Gradient);
    }

    private static Shard MakeShard(int texts, int steps)
    {
        Shard shard = new(s_shape, texts, steps);
        for (int row = 0; row < texts * steps; row++)
        {
            shard.Inputs[row] = TinyModel.Tokens[(row * 7) % TinyModel.Tokens.Length];
            shard.Targets[row] = TinyModel.Tokens[(row * 5) % TinyModel.Tokens.Length];
        }

        return shard;
    }

    private static (int Start, int Length)[] Tensors()
    {
        int[] lengths =
        [
            s_shape.Vocabulary * s_shape.Embedding, s_shape.Embedding * s_shape.Gates, s_shape.Gates, s_shape.Hidden * s_shape.Gates, s_shape.Hidden,
            s_shape.Hidden * s_shape.Vocabulary, s_shape.Vocabulary,
        ];
        int start = 0;
        return [.. lengths.Select(length => (start += length, length)).Select(tensor => (tensor.Item1 - tensor.length, tensor.length))];
    }
}
