namespace Mantle.Measure.Audit.Rules;

/// <summary>Conditions on one command line, that is on one way to start a kernel.</summary>
internal sealed record CommandLineDetection : Detection
{
    /// <summary>Globs over words, any of which will do; empty: no condition.</summary>
    public TextGlobs Word { get; init; } = new([]);

    /// <summary>None of the words may match.</summary>
    public TextGlobs Absent { get; init; } = new([]);

    /// <summary>Globs; the last word with the same name must not match, or be missing.</summary>
    public TextGlobs UnlessLast { get; init; } = new([]);
}
