namespace Mantle.Model.Trainer;

/// <summary>How to train. The model's bytes follow from this and the text.</summary>
internal sealed record TrainingPlan
{
    /// <summary>Shards of a batch: as many threads are of use. Part of the result, so it is not the machine's number of processors.</summary>
    public const int Shards = 2;

    public required ModelShape Shape { get; init; }

    /// <summary>Texts side by side in a shard, a multiple of 4.</summary>
    public int Texts { get; init; } = 16;

    /// <summary>Tokens at a time.</summary>
    public int Steps { get; init; } = 20;

    /// <summary>Batches.</summary>
    public int Batches { get; init; } = 1000;

    /// <summary>Greatest length of a step; it rises to it over the first fiftieth and falls to nearly nothing at the end.</summary>
    public float Rate { get; init; } = 4e-3f;

    public ulong Seed { get; init; } = 1;

    /// <summary>Tokens of a batch.</summary>
    public int BatchTokens => Shards * Texts * Steps;

    /// <summary>The length of a step: a line up, then a smooth way down.</summary>
    public float RateAt(int batch)
    {
        float warm = Math.Max(1, Batches / 50);
        if (batch < warm)
        {
            return Rate * (batch + 1) / warm;
        }

        // A cosine in shape, of multiplications alone.
        float done = (batch - warm) / Math.Max(1, Batches - warm);
        return Rate * ((1 - (done * done * (3 - (2 * done)))) + 0.01f);
    }
}
