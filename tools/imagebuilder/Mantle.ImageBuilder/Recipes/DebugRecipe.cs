using Mantle.Measure.Text;

namespace Mantle.ImageBuilder.Recipes;

/// <summary>What the debug twin has beyond the sealed image (docs/debug-twin.md). The sealed image is the same whatever stands here.</summary>
public sealed record DebugRecipe
{
    /// <summary>Packages that only the twin has.</summary>
    public required PackageSet Packages { get; init; }

    /// <summary>Maintainer scripts of those packages.</summary>
    public required IReadOnlyList<MaintainerScript> MaintainerScripts { get; init; }

    /// <summary>Globs of files to take out of what those packages bring.</summary>
    public required IReadOnlyList<Located<string>> Remove { get; init; }

    /// <summary>Files that only the twin has.</summary>
    public required IReadOnlyList<AddedFile> Files { get; init; }

    /// <summary>The program that the initrd starts in the twin's root instead of the sealed one; null: none.</summary>
    public SourceFile? Init { get; init; }

    /// <summary>Changes to the kernel command line.</summary>
    public required IReadOnlyList<DebugWord> CommandLine { get; init; }

    /// <summary>File, line and column.</summary>
    public required string Position { get; init; }
}

/// <summary>One change to the twin's kernel command line.</summary>
/// <param name="Word">The word that the twin has; null: the other is taken away without one in its place.</param>
/// <param name="Replaces">The word of the sealed image that it stands for; null: it is added at the end.</param>
/// <param name="Reason">Why.</param>
/// <param name="Position">File, line and column.</param>
public sealed record DebugWord(string? Word, string? Replaces, string Reason, string Position);
