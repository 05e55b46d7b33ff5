namespace Mantle.Measure.Audit.Rules;

/// <summary>One seal rule, as <c>policies/seal.yaml</c> has it; docs/seal-rules.md describes the format.</summary>
public sealed record SealRule
{
    /// <summary>Stable identifier: <c>SSH-001</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The group that it belongs to: <c>remote-access</c>.</summary>
    public required string Family { get; init; }

    /// <summary>How bad it is.</summary>
    public required Severity Severity { get; init; }

    /// <summary>What is wrong when it finds something, in a few words.</summary>
    public required string Title { get; init; }

    /// <summary>Why that is no sealed image.</summary>
    public required string Why { get; init; }

    /// <summary>What to do about it.</summary>
    public required string Fix { get; init; }

    /// <summary>The ways to detect it; one that holds is enough.</summary>
    internal IReadOnlyList<Detection> Detect { get; init; } = [];
}
