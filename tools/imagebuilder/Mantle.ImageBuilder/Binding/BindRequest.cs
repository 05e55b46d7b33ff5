using Mantle.Measure.KeyPolicy.Plans;

namespace Mantle.ImageBuilder.Binding;

/// <summary>What is to be put in place.</summary>
public sealed record BindRequest
{
    /// <summary>The plan.</summary>
    public required BindingPlan Plan { get; init; }

    /// <summary>What the key is for, one line: the description of a key that is made, by which it is found again.</summary>
    public required string Purpose { get; init; }

    /// <summary>The verified releases.</summary>
    public IReadOnlyList<BindRelease> Releases { get; init; } = [];

    /// <summary>Whether to create the key when the plan names none.</summary>
    public bool Creates { get; init; }

    /// <summary>Whether phase <c>sealed</c> is meant: nobody can replace the policy again.</summary>
    public bool Seals { get; init; }

    /// <summary>Whether to change nothing.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>The clock of conditions.</summary>
    public required TimeProvider Time { get; init; }
}
