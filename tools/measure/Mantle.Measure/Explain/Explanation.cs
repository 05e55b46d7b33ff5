namespace Mantle.Measure.Explain;

/// <summary>A cause that was found.</summary>
/// <param name="Id">Its name for machines.</param>
/// <param name="Sentence">What happened.</param>
/// <param name="Exact">Values that are exactly what the cause leads to.</param>
/// <param name="Moved">Values that the cause must have moved, to what cannot be computed.</param>
/// <param name="Advice">What to do.</param>
public sealed record Cause(string Id, string Sentence, IReadOnlyList<Observed> Exact, IReadOnlyList<Observed> Moved, string Advice);

/// <summary>Why a machine's values are not the expected ones, as far as it can be told.</summary>
public sealed record Explanation
{
    /// <summary>What should have booted.</summary>
    public required ExpectedBoot Expected { get; init; }

    /// <summary>What the machine says.</summary>
    public required ActualValues Actual { get; init; }

    /// <summary>Every value that both have.</summary>
    public required IReadOnlyList<Observed> Observations { get; init; }

    /// <summary>Where the log's events part from the expected ones, a PCR each; empty without a log.</summary>
    public required IReadOnlyList<LogDifference> EventDifferences { get; init; }

    /// <summary>The causes; together they explain all that is not in <see cref="Unexplained"/>.</summary>
    public IReadOnlyList<Cause> Causes { get; init; } = [];

    /// <summary>Causes that would explain the same values equally well.</summary>
    public IReadOnlyList<Cause> Alternatives { get; init; } = [];

    /// <summary>PCRs that differ for reasons that were not found.</summary>
    public IReadOnlyList<int> Unexplained { get; init; } = [];

    /// <summary>Hypotheses that were tried in vain.</summary>
    public IReadOnlyList<string> RuledOut { get; init; } = [];

    /// <summary>Hypotheses that lacked something.</summary>
    public IReadOnlyList<string> NotTried { get; init; } = [];

    /// <summary>Whether every value is the expected one.</summary>
    public bool IsEqual => Observations.All(observation => !observation.Differs);

    /// <summary>The PCRs that differ, ascending.</summary>
    public IReadOnlyList<int> Differing => [.. Observations.Where(observation => observation.Differs).Select(observation => observation.Index).Distinct().Order()];
}
