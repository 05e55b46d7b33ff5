using Mantle.Measure.KeyPolicy.Plans;
using Mantle.Measure.Release.Ledger;

namespace Mantle.ImageBuilder.Publishing.Lifecycle;

/// <summary>An AMI with what ledger and key policy say of its release. Which release it is, its tags say: <c>ami verify</c> proves it.</summary>
public sealed record AmiRecord
{
    /// <summary>The region.</summary>
    public required string Region { get; init; }

    /// <summary>The AMI.</summary>
    public required string Id { get; init; }

    /// <summary>Its state.</summary>
    public required string State { get; init; }

    /// <summary>SHA-256 of the release statement, from its tag.</summary>
    public required string Statement { get; init; }

    /// <summary>Appliance and version, from its tags.</summary>
    public required string Label { get; init; }

    /// <summary>From when on it is deprecated, as EC2 says; null: not.</summary>
    public string? Deprecated { get; init; }

    /// <summary>Who may launch it beside its owner.</summary>
    public required IReadOnlyList<string> SharedWith { get; init; }

    /// <summary>The last event of its release; null: the ledger does not have it, or there is none.</summary>
    public LedgerEntry? Ledger { get; init; }

    /// <summary>The generation of the key policy's plan that has its registers, or null.</summary>
    public PlanGeneration? Generation { get; init; }
}

/// <summary>A snapshot that was made for a release.</summary>
/// <param name="Region">The region.</param>
/// <param name="Id">The snapshot.</param>
/// <param name="State">Its state.</param>
/// <param name="Statement">SHA-256 of the release statement, from its tag; empty where it has none.</param>
/// <param name="Ledger">The last event of its release, or null.</param>
/// <param name="User">An AMI of this account that uses it, or null.</param>
public sealed record SnapshotRecord(string Region, string Id, string State, string Statement, LedgerEntry? Ledger, string? User);
