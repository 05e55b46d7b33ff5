namespace Mantle.Measure.Checking;

/// <summary>What all checks together say.</summary>
public enum Verdict
{
    /// <summary>Everything that is needed was checked and holds.</summary>
    Holds,

    /// <summary>Something was checked and does not hold.</summary>
    DoesNotHold,

    /// <summary>Nothing fails, yet something that is needed could not be checked: no verdict.</summary>
    Unverified,
}
