using System.Collections.Immutable;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Explain;

/// <summary>How a value came from the register into the list: which register, which bank, how much of it.</summary>
/// <param name="model">The boot.</param>
/// <param name="bank">The bank that the list names.</param>
/// <param name="index">The PCR that the list names.</param>
/// <returns>The bytes that the list would have, or null if they cannot be computed.</returns>
internal delegate byte[]? Reading(BootModel model, TpmAlgorithm bank, int index);

/// <summary>What a boot leads to, PCR by PCR. Hypotheses make changed copies of it.</summary>
internal sealed record BootModel
{
    public required ImmutableSortedDictionary<int, PcrModel> Pcrs { get; init; }

    /// <summary>Null: every value is read as it is.</summary>
    public Reading? Reading { get; init; }

    public PcrModel? this[int index] => Pcrs.GetValueOrDefault(index);

    public static BootModel From(ImagePrediction prediction) => new()
    {
        Pcrs = prediction.Pcrs.Where(pcr => pcr.Basis == PcrBasis.Image).ToImmutableSortedDictionary(pcr => pcr.Index, pcr => new PcrModel([.. pcr.Events.Select(ModelEvent.From)])),
    };

    /// <summary>A copy in which one PCR is another.</summary>
    public BootModel With(int index, PcrModel pcr) => this with { Pcrs = Pcrs.SetItem(index, pcr) };

    /// <summary>A copy in which one PCR has other events; null if this boot does not know the PCR's events.</summary>
    public BootModel? With(int index, Func<IReadOnlyList<ModelEvent>, IEnumerable<ModelEvent>> change) =>
        this[index] is { IsUnknown: false } pcr ? With(index, pcr.WithEvents(change(pcr.Events))) : null;

    /// <summary>A copy in which PCRs that this boot knows are moved to unknown values.</summary>
    public BootModel WithUnknown(params ReadOnlySpan<int> indexes)
    {
        BootModel model = this;
        foreach (int index in indexes)
        {
            model = Pcrs.ContainsKey(index) ? model.With(index, PcrModel.Unknown) : model;
        }

        return model;
    }

    /// <summary>What the register holds.</summary>
    public byte[]? Value(TpmAlgorithm bank, int index) => this[index]?.Value(bank);

    /// <summary>What a list of values has for it.</summary>
    public byte[]? Read(TpmAlgorithm bank, int index) => Reading is null ? Value(bank, index) : Reading(this, bank, index);
}
