namespace Mantle.ImageBuilder.Packages.Debian;

/// <summary>How a relation compares versions (Debian Policy 7.1).</summary>
internal enum VersionOperator
{
    /// <summary>Any version.</summary>
    None,

    /// <summary><c>&lt;&lt;</c></summary>
    StrictlyEarlier,

    /// <summary><c>&lt;=</c></summary>
    EarlierOrEqual,

    /// <summary><c>=</c></summary>
    Equal,

    /// <summary><c>&gt;=</c></summary>
    LaterOrEqual,

    /// <summary><c>&gt;&gt;</c></summary>
    StrictlyLater,
}

/// <summary>One alternative of a dependency: <c>name[:architecture] [(operator version)]</c>.</summary>
/// <param name="Name">Package or virtual package.</param>
/// <param name="Qualifier">Architecture qualifier without the colon (<c>any</c>, <c>amd64</c>), or null.</param>
/// <param name="Operator">How versions are compared.</param>
/// <param name="Version">What they are compared with; default when <paramref name="Operator"/> is none.</param>
internal sealed record Relation(string Name, string? Qualifier, VersionOperator Operator, DebianVersion Version)
{
    /// <summary>Whether a version satisfies the relation's version part.</summary>
    public bool Accepts(DebianVersion version) => Operator switch
    {
        VersionOperator.None => true,
        VersionOperator.StrictlyEarlier => version.CompareTo(Version) < 0,
        VersionOperator.EarlierOrEqual => version.CompareTo(Version) <= 0,
        VersionOperator.Equal => version.CompareTo(Version) == 0,
        VersionOperator.LaterOrEqual => version.CompareTo(Version) >= 0,
        _ => version.CompareTo(Version) > 0,
    };

    /// <inheritdoc/>
    public override string ToString()
    {
        string name = Qualifier is null ? Name : $"{Name}:{Qualifier}";
        string? symbol = Operator switch
        {
            VersionOperator.StrictlyEarlier => "<<",
            VersionOperator.EarlierOrEqual => "<=",
            VersionOperator.Equal => "=",
            VersionOperator.LaterOrEqual => ">=",
            VersionOperator.StrictlyLater => ">>",
            _ => null,
        };
        return symbol is null ? name : $"{name} ({symbol} {Version})";
    }
}
