namespace Mantle.Measure.Audit;

/// <summary>What an audit says in one word.</summary>
public enum AuditVerdict
{
    /// <summary>Everything was looked into, and no rule found anything that is not waived.</summary>
    Sealed,

    /// <summary>A rule found something.</summary>
    Findings,

    /// <summary>No rule found anything, but something could not be looked into.</summary>
    NotAudited,
}
