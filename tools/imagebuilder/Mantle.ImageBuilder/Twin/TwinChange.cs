namespace Mantle.ImageBuilder.Twin;

/// <summary>One thing in which the twin differs from the sealed image.</summary>
/// <param name="Part">Where: <c>root</c>, <c>command-line</c>, <c>os-release</c>, <c>uki</c>, <c>uki-headers</c>, <c>esp</c>, <c>disk</c>.</param>
/// <param name="Name">What: a path, a word, a key, a section.</param>
/// <param name="Sealed">What the sealed image has; null: it has none.</param>
/// <param name="Twin">What the twin has; null: it has none.</param>
/// <param name="DeclaredBy">The package or the line of the recipe that declares it, or what it follows from; null: nothing does.</param>
public sealed record TwinChange(string Part, string Name, string? Sealed, string? Twin, string? DeclaredBy)
{
    /// <summary><c>added</c>, <c>removed</c> or <c>changed</c>.</summary>
    public string Kind => Sealed is null ? "added" : Twin is null ? "removed" : "changed";
}
