namespace Mantle.Measure.Audit.Rules;

/// <summary>How bad a finding is; worst last.</summary>
public enum Severity
{
    /// <summary>Weakens the seal in depth.</summary>
    Low,

    /// <summary>Helps whoever is already inside, or leaks data.</summary>
    Medium,

    /// <summary>Opens a way in under some condition.</summary>
    High,

    /// <summary>Opens a way in.</summary>
    Critical,
}
