namespace Mantle.Measure.Audit.Rules;

/// <summary>Conditions on one systemd unit, drop-ins merged.</summary>
internal sealed record UnitDetection : Detection
{
    /// <summary>Names; empty: any.</summary>
    public TextGlobs Name { get; init; } = new([]);

    /// <summary>Whether the unit must be reachable from what systemd starts; null: either.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Directives such as <c>Service.ExecStart=*agetty*</c>, any of which will do; empty: no condition.</summary>
    public DirectiveGlobs Directive { get; init; } = new([]);

    /// <summary>Directives of which the unit must have one too; empty: no condition.</summary>
    public DirectiveGlobs With { get; init; } = new([]);
}
