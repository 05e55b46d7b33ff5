using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Plans;

namespace Mantle.Measure.KeyPolicy.Lint;

/// <summary>What is known of an image.</summary>
public enum KnownState
{
    /// <summary>A release that may get the key.</summary>
    Release,

    /// <summary>A release that may no longer.</summary>
    Revoked,

    /// <summary>A debug twin or another image that never may.</summary>
    Never,
}

/// <summary>An image that the linter can recognise.</summary>
/// <param name="Pcrs">Its registers.</param>
/// <param name="State">What may become of it.</param>
public sealed record KnownRelease(AttestedPcrs Pcrs, KnownState State)
{
    /// <summary>What a plan knows.</summary>
    public static IReadOnlyList<KnownRelease> Of(BindingPlan plan) =>
    [
        .. plan.Generations.Select(one => new KnownRelease(one.Pcrs, one.IsBound ? KnownState.Release : KnownState.Revoked)),
        .. plan.Denied.Select(never => new KnownRelease(never, KnownState.Never)),
    ];
}
