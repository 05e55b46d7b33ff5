namespace Mantle.Model.Trainer;

/// <summary>A model's matrices as products need them, forward and backward. Packed anew after each change, read by all shards.</summary>
internal sealed class PackedWeights(ModelShape shape)
{
    public PackedMatrix Input { get; } = new(shape.Embedding, shape.Gates);

    public PackedMatrix Recurrent { get; } = new(shape.Hidden, shape.Gates);

    public PackedMatrix Output { get; } = new(shape.Hidden, shape.Vocabulary);

    public PackedMatrix InputTransposed { get; } = new(shape.Gates, shape.Embedding);

    public PackedMatrix RecurrentTransposed { get; } = new(shape.Gates, shape.Hidden);

    public PackedMatrix OutputTransposed { get; } = new(shape.Vocabulary, shape.Hidden);

    public void Pack(ModelParameters parameters) => Parallel.Invoke(
        () =>
        {
            Input.Pack(parameters.Input);
            InputTransposed.PackTransposed(parameters.Input);
            Recurrent.Pack(parameters.Recurrent);
            RecurrentTransposed.PackTransposed(parameters.Recurrent);
        },
        () =>
        {
            Output.Pack(parameters.Output);
            OutputTransposed.PackTransposed(parameters.Output);
        });
}
