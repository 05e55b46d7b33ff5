namespace Mantle.Measure.Audit.Rules;

/// <summary>Conditions on one systemd unit, drop-ins merged.</summary>
internal sealed record UnitDetection : Detection
{
    /// <summary>Names; empty: any.</summary>
    public TextGlobs Name { get; init; } = new([]);

    /// <summary>Whether the unit must be reachable from what systemd starts; null: either.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Directives such as <c>Service.ExecStart=*agetty*</c>, any of which will do; empty: no condition.</summary>
    public TextGlobs Directive { get; init; } = new([]);
}

/// <summary>Conditions on one account of a passwd file.</summary>
internal sealed record AccountDetection : Detection
{
    public TextGlobs Name { get; init; } = new([]);

    /// <summary><c>usable</c>, <c>empty</c>, <c>locked</c>; any of which will do; empty: no condition.</summary>
    public IReadOnlyList<string> Password { get; init; } = [];

    /// <summary><c>login</c>: a shell that lets in; <c>none</c>: one that does not; null: either.</summary>
    public string? Shell { get; init; }

    /// <summary>Whether it has the user ID 0; null: either.</summary>
    public bool? IsRoot { get; init; }
}

/// <summary>Conditions on one command line, that is on one way to start a kernel.</summary>
internal sealed record CommandLineDetection : Detection
{
    /// <summary>Globs over words, any of which will do; empty: no condition.</summary>
    public TextGlobs Word { get; init; } = new([]);

    /// <summary>None of the words may match.</summary>
    public TextGlobs Absent { get; init; } = new([]);

    /// <summary>Globs; the last word with the same name must not match, or be missing.</summary>
    public TextGlobs UnlessLast { get; init; } = new([]);
}

/// <summary>A class of its own.</summary>
internal sealed record CodeDetection(ICodeRule Code) : Detection;
