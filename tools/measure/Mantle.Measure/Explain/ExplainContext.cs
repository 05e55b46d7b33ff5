using Mantle.Measure.Prediction;

namespace Mantle.Measure.Explain;

/// <summary>What hypotheses may draw on.</summary>
internal sealed class ExplainContext
{
    public required ExpectedBoot Expected { get; init; }

    /// <summary>Other releases that are known.</summary>
    public IReadOnlyList<ExpectedBoot> Known { get; init; } = [];

    /// <summary>Words that could have come into the command line.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>What could have come in from outside the boot file.</summary>
    public BootExtras Extras { get; init; } = BootExtras.None;

    /// <summary>The values that are to be explained.</summary>
    public required IReadOnlyList<Observed> Observations { get; init; }

    public bool Differs(int index) => Observations.Any(observation => observation.Index == index && observation.Differs);
}
