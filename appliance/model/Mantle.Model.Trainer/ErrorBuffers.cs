namespace Mantle.Model.Trainer;

/// <summary>What the way back needs beside what the way forward left.</summary>
internal sealed class ErrorBuffers(ModelShape shape, int texts, int rows)
{
    public float[] States { get; } = new float[rows * shape.Hidden];

    public float[] Carried { get; } = new float[texts * shape.Hidden];

    public float[] InputGates { get; } = new float[rows * shape.Gates];

    public float[] RecurrentGates { get; } = new float[rows * shape.Gates];

    public float[] Embedded { get; } = new float[rows * shape.Embedding];

    /// <summary>Room for the transposed left side of the products that sum over all rows.</summary>
    public float[] Transposed { get; } = new float[rows * Math.Max(shape.Hidden, shape.Embedding)];

    public PackedMatrix PackedLogits { get; } = new(rows, shape.Vocabulary);

    public PackedMatrix PackedGates { get; } = new(rows, shape.Gates);
}
