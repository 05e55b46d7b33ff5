namespace Mantle.Measure.Comparison;

/// <summary>What kind of difference.</summary>
public enum DifferenceKind
{
    /// <summary>Both have it and it is not the same.</summary>
    Changed,

    /// <summary>Only B has it.</summary>
    Added,

    /// <summary>Only A has it.</summary>
    Removed,
}

/// <summary>One difference, as deep in the structure as it could be followed.</summary>
public sealed record Difference
{
    /// <summary>Where: the way from the outside in, joined by <c> / </c>; safe to print.</summary>
    public required string Place { get; init; }

    /// <summary>What of the place: <c>content</c>, <c>mode</c>, <c>salt</c>, …</summary>
    public required string Field { get; init; }

    /// <summary>Added, removed or changed.</summary>
    public required DifferenceKind Kind { get; init; }

    /// <summary>The value in A; null if only B has it.</summary>
    public string? A { get; init; }

    /// <summary>The value in B; null if only A has it.</summary>
    public string? B { get; init; }

    /// <summary>Where the bytes part, if bytes were compared.</summary>
    public ByteDifference? Bytes { get; init; }

    /// <summary>The likely cause.</summary>
    public required LikelyCause Cause { get; init; }

    /// <summary>What in the bytes points to the cause; null if the field says it all.</summary>
    public string? Evidence { get; init; }

    /// <summary>How far it is from a cause: what is computed from other things only counts when nothing else differs.</summary>
    internal DifferenceRank Rank { get; init; }
}

/// <summary>How much a difference says. The lowest that occurs is where to look.</summary>
internal enum DifferenceRank
{
    /// <summary>Chosen by somebody or made from outside.</summary>
    Own,

    /// <summary>An identifier or a salt: drawn, or derived from content by a builder like ours.</summary>
    Identifier,

    /// <summary>Computed from other bytes of the image: a hash, a size, a position.</summary>
    Computed,
}
