namespace Mantle.Measure.Audit.Channels;

/// <summary>A way in or out of an EC2 instance, and what can close it; one entry of <c>policies/channels.yaml</c>.</summary>
public sealed record Channel
{
    /// <summary>Lower-case words with hyphens; stable.</summary>
    public required string Id { get; init; }

    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary>API calls that use it; empty when there is none.</summary>
    public required IReadOnlyList<string> Api { get; init; }

    /// <summary>What it gives to whoever uses it.</summary>
    public required string Gives { get; init; }

    /// <summary>Seal rules that together close it; empty when no property of an image can.</summary>
    public required IReadOnlyList<string> Rules { get; init; }

    /// <summary>PCRs that its use moves; empty when it moves none.</summary>
    public required IReadOnlyList<int> Pcrs { get; init; }

    /// <summary>Statements (Sid) of <c>policies/organization/run-account.scp.json</c> that forbid it; empty when none can.</summary>
    public required IReadOnlyList<string> Statements { get; init; }

    /// <summary>What remains whatever the answer, or null.</summary>
    public string? Left { get; init; }
}
