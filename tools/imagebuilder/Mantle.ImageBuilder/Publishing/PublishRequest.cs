using Mantle.ImageBuilder.Publishing.Ebs;

namespace Mantle.ImageBuilder.Publishing;

/// <summary>What is to be published, and where to.</summary>
public sealed record PublishRequest
{
    /// <summary>The verified release.</summary>
    public required PublishRelease Release { get; init; }

    /// <summary>The region that the image is uploaded to.</summary>
    public required string Region { get; init; }

    /// <summary>Regions that it is copied to.</summary>
    public IReadOnlyList<string> CopyTo { get; init; } = [];

    /// <summary>Who may launch it: account numbers, ARNs of organizations, <c>public</c>. Nobody is taken away.</summary>
    public IReadOnlyList<string> ShareWith { get; init; } = [];

    /// <summary>From when on it is deprecated; whole minutes.</summary>
    public DateTimeOffset? DeprecateAt { get; init; }

    /// <summary>Blocks that are sent at a time, 1 to 64.</summary>
    public int Parallel { get; init; } = EbsClient.Connections;

    /// <summary>Whether to change nothing.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>The clock of signatures and durations.</summary>
    public required TimeProvider Time { get; init; }
}
