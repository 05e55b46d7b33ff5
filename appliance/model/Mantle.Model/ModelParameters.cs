namespace Mantle.Model;

/// <summary>
/// The numbers of a model, one tensor after the other in the order of the file, each row by row. A gated recurrent unit (Cho et al., 2014) with the reset gate applied
/// behind the recurrent product.
/// </summary>
/// <param name="shape">The sizes.</param>
/// <param name="values">All numbers; <see cref="ModelShape.Parameters"/> of them.</param>
public sealed class ModelParameters(ModelShape shape, float[] values)
{
    /// <summary>The sizes.</summary>
    public ModelShape Shape { get; } = shape;

    /// <summary>All numbers.</summary>
    public float[] Values { get; } = values.Length == shape.Parameters ? values : throw new ArgumentException("not as many numbers as the sizes ask for", nameof(values));

    /// <summary>Vocabulary times embedding: what stands for each token.</summary>
    public Span<float> Embedding => Values.AsSpan(0, Shape.InputOffset);

    /// <summary>Embedding times gates.</summary>
    public Span<float> Input => Values.AsSpan(Shape.InputOffset, Shape.Embedding * Shape.Gates);

    /// <summary>One a gate.</summary>
    public Span<float> InputBias => Values.AsSpan(Shape.InputBiasOffset, Shape.Gates);

    /// <summary>State times gates.</summary>
    public Span<float> Recurrent => Values.AsSpan(Shape.RecurrentOffset, Shape.Hidden * Shape.Gates);

    /// <summary>One a number of the state, within the reset gate.</summary>
    public Span<float> CandidateBias => Values.AsSpan(Shape.CandidateBiasOffset, Shape.Hidden);

    /// <summary>State times vocabulary.</summary>
    public Span<float> Output => Values.AsSpan(Shape.OutputOffset, Shape.Hidden * Shape.Vocabulary);

    /// <summary>One a token.</summary>
    public Span<float> OutputBias => Values.AsSpan(Shape.OutputBiasOffset, Shape.Vocabulary);
}
