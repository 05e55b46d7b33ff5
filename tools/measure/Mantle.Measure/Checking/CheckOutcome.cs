namespace Mantle.Measure.Checking;

/// <summary>What became of one check.</summary>
public enum CheckOutcome
{
    /// <summary>Checked, and it holds.</summary>
    Pass,

    /// <summary>Checked, and it does not hold.</summary>
    Fail,

    /// <summary>Not checked, for want of something to compare with or because an earlier check failed.</summary>
    NotChecked,
}
