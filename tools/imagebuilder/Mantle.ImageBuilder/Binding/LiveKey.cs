using Mantle.Measure.KeyPolicy.Documents;

namespace Mantle.ImageBuilder.Binding;

/// <summary>A key as it is in KMS now. What may not be read is null.</summary>
internal sealed record LiveKey
{
    /// <summary>The key's ARN.</summary>
    public required string Arn { get; init; }

    /// <summary>KeyState of the API, for example <c>Enabled</c>.</summary>
    public required string State { get; init; }

    /// <summary>When a scheduled deletion happens.</summary>
    public DateTimeOffset? DeletionDate { get; init; }

    /// <summary>KeySpec of the API.</summary>
    public required string Spec { get; init; }

    /// <summary>KeyUsage of the API.</summary>
    public required string Usage { get; init; }

    /// <summary>Origin of the API: who made the key material.</summary>
    public required string Origin { get; init; }

    /// <summary>ARNs of this multi-Region key's other keys.</summary>
    public IReadOnlyList<string> Relatives { get; init; } = [];

    /// <summary>The policy.</summary>
    public PolicyDocument? Policy { get; init; }

    /// <summary>Why there is no policy here.</summary>
    public string? PolicyProblem { get; init; }

    /// <summary>Grants.</summary>
    public IReadOnlyList<KeyGrant>? Grants { get; init; }

    /// <summary>Names of the aliases that point to the key.</summary>
    public IReadOnlyList<string>? Aliases { get; init; }

    /// <summary>The key to which the plan's alias points, or null when there is no such alias.</summary>
    public string? AliasTarget { get; init; }

    /// <summary>Days between rotations; 0 for none.</summary>
    public int? RotationPeriod { get; init; }
}
