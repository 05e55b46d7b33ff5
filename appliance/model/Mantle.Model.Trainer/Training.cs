namespace Mantle.Model.Trainer;

/// <summary>Trains a model on tokens.</summary>
internal sealed class Training
{
    private readonly TrainingPlan _plan;
    private readonly int[] _tokens;
    private readonly ModelParameters _parameters;
    private readonly PackedWeights _weights;
    private readonly Shard[] _shards;
    private readonly Optimizer _optimizer;

    /// <param name="plan">How.</param>
    /// <param name="tokens">The text.</param>
    public Training(TrainingPlan plan, int[] tokens)
    {
        (_plan, _tokens) = (plan, tokens);
        _parameters = InitialParameters(plan.Shape, plan.Seed);
        _weights = new(plan.Shape);
        _shards = [.. Enumerable.Range(0, TrainingPlan.Shards).Select(_ => new Shard(plan.Shape, plan.Texts, plan.Steps))];
        _optimizer = new(plan.Shape.Parameters);
    }

    /// <summary>The numbers so far.</summary>
    public ModelParameters Parameters => _parameters;

    /// <summary>Goes through all batches.</summary>
    /// <param name="onBatch">Told the batch's number and its mean loss in nats a token.</param>
    public void Run(Action<int, double> onBatch)
    {
        float[][] gradients = [.. _shards.Select(shard => shard.Gradient.Values)];
        for (int batch = 0; batch < _plan.Batches; batch++)
        {
            Load(batch);
            _weights.Pack(_parameters);
            Parallel.ForEach(_shards, shard =>
            {
                shard.Forward(_parameters, _weights);
                shard.Backward(_weights, _plan.BatchTokens);
            });
            _optimizer.Step(_parameters.Values, gradients, _plan.RateAt(batch));
            onBatch(batch, _shards.Sum(shard => shard.Loss) / _plan.BatchTokens);
        }
    }

    /// <summary>Random numbers as large as leaves the sums of a row about one.</summary>
    internal static ModelParameters InitialParameters(ModelShape shape, ulong seed)
    {
        SequenceOfNumbers numbers = new(seed);
        ModelParameters parameters = new(shape, new float[shape.Parameters]);
        Fill(parameters.Embedding, 0.5f);
        Fill(parameters.Input, MathF.Sqrt(3f / shape.Embedding));
        Fill(parameters.Recurrent, MathF.Sqrt(1f / shape.Hidden));
        Fill(parameters.Output, MathF.Sqrt(1f / shape.Hidden));

        // The update gate starts open to the past: what it keeps for long it can learn to drop, hardly the other way round.
        parameters.InputBias.Slice(shape.Hidden, shape.Hidden).Fill(1);
        return parameters;

        void Fill(Span<float> tensor, float scale)
        {
            foreach (ref float number in tensor)
            {
                number = scale * numbers.Next();
            }
        }
    }

    /// <summary>Each of the texts starts at its own place and reads on, over the end back to the beginning.</summary>
    private void Load(int batch)
    {
        int texts = _shards.Length * _plan.Texts;
        for (int text = 0; text < texts; text++)
        {
            Shard shard = _shards[text / _plan.Texts];
            long start = ((long)text * _tokens.Length / texts) + ((long)batch * _plan.Steps);
            for (int step = 0; step < _plan.Steps; step++)
            {
                int row = (step * _plan.Texts) + (text % _plan.Texts);
                shard.Inputs[row] = _tokens[(start + step) % _tokens.Length];
                shard.Targets[row] = _tokens[(start + step + 1) % _tokens.Length];
            }
        }
    }
}
