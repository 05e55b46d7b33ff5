namespace Mantle.Measure.Audit.Rules;

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
