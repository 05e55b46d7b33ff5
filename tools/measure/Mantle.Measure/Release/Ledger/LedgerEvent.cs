namespace Mantle.Measure.Release.Ledger;

/// <summary>What happens to a release.</summary>
public enum LedgerEvent
{
    /// <summary>It may be used from now on.</summary>
    Released,

    /// <summary>It is followed by others and no longer used; nothing is wrong with it.</summary>
    Retired,

    /// <summary>It must not be used any more.</summary>
    Revoked,
}
