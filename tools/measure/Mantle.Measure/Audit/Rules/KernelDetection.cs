namespace Mantle.Measure.Audit.Rules;

/// <summary>Conditions on one kernel.</summary>
internal sealed record KernelDetection : Detection
{
    /// <summary>Globs over <c>CONFIG_NAME=value</c>, any of which will do; empty: no condition. Nothing is known to match where no configuration is.</summary>
    public TextGlobs Option { get; init; } = new([]);

    /// <summary>None of the options may match. Does not hold where no configuration is.</summary>
    public TextGlobs Without { get; init; } = new([]);

    /// <summary>Byte strings that all kernels which can do a thing hold: none of them does.</summary>
    public IReadOnlyList<string> Lacks { get; init; } = [];
}
