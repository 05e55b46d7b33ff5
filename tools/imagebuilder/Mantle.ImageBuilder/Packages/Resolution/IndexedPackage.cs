using Mantle.ImageBuilder.Packages.Debian;

namespace Mantle.ImageBuilder.Packages.Resolution;

/// <summary>A package of a <c>Packages</c> index. Fields that few packages are asked for stay in the index's bytes until then.</summary>
internal sealed class IndexedPackage(PackageIndex index, FieldRanges fields, string name, DebianVersion version)
{
    private IReadOnlyList<Dependency>? _dependencies;
    private IReadOnlyList<Dependency>? _negative;

    /// <summary>Binary package name.</summary>
    public string Name { get; } = name;

    /// <summary>Version.</summary>
    public DebianVersion Version { get; } = version;

    /// <summary>Suite whose index lists the package.</summary>
    public string Suite => index.Suite;

    /// <summary>Architecture of the package: the index's or <c>all</c>.</summary>
    public string Architecture { get; } = index.Text(fields.Architecture);

    /// <summary>Whether <c>name:any</c> may be satisfied by it (<c>Multi-Arch: allowed</c>).</summary>
    public bool AnyAllowed { get; } = index.Bytes(fields.MultiArch).SequenceEqual("allowed"u8);

    /// <summary>Rank among the providers of a virtual package: essential ones first, then by priority; less is better.</summary>
    public int ProviderRank { get; } =
        (index.Bytes(fields.Essential).SequenceEqual("yes"u8) ? 0 : 10) + PriorityRank(index.Bytes(fields.Priority));

    /// <summary>What it needs, <c>Pre-Depends</c> before <c>Depends</c>, as apt takes them.</summary>
    public IReadOnlyList<Dependency> Dependencies =>
        _dependencies ??= [.. Parse("Pre-Depends", fields.PreDepends), .. Parse("Depends", fields.Depends)];

    /// <summary>What it cannot be together with; each clause has one alternative.</summary>
    public IReadOnlyList<Dependency> Negative =>
        _negative ??= [.. Parse("Conflicts", fields.Conflicts), .. Parse("Breaks", fields.Breaks)];

    /// <summary>The virtual packages that it provides; a version is there when the operator is <c>=</c>.</summary>
    public IReadOnlyList<Relation> Provides { get; } = fields.Provides.Length == 0 ? [] : ParseProvides(index, fields.Provides);

    /// <summary>The package as the lock holds it.</summary>
    public LockedPackage Lock(IReadOnlyList<string> uses, IReadOnlyList<string> why)
    {
        string sha256 = index.Text(fields.Sha256);
        string path = index.Text(fields.Filename);
        if (!long.TryParse(index.Bytes(fields.Size), out long size) || size <= 0)
        {
            throw PackageIndex.Malformed(fields.Size, $"size of package \"{Name}\" is not a number of bytes");
        }

        if (!LockedValues.IsSha256(sha256))
        {
            throw PackageIndex.Malformed(fields.Sha256, $"package \"{Name}\" has no SHA-256");
        }

        if (!LockedValues.IsArchivePath(path))
        {
            throw PackageIndex.Malformed(fields.Filename, $"path \"{path}\" of package \"{Name}\" leaves the archive");
        }

        return new LockedPackage
        {
            Name = Name,
            Version = Version.ToString(),
            Architecture = Architecture,
            Suite = Suite,
            Path = path,
            Size = size,
            Sha256 = sha256,
            Uses = uses,
            Why = why,
        };
    }

    private static int PriorityRank(ReadOnlySpan<byte> priority) =>
        priority.SequenceEqual("required"u8) ? 0
        : priority.SequenceEqual("important"u8) ? 1
        : priority.SequenceEqual("standard"u8) ? 2
        : priority.SequenceEqual("optional"u8) ? 3
        : 4;

    private static Relation[] ParseProvides(PackageIndex index, FieldRange range) =>
    [
        .. index.Parse(range).Select(clause => clause.Count == 1 && clause[0].Operator is VersionOperator.None or VersionOperator.Equal
            ? clause[0]
            : throw PackageIndex.Malformed(range, "a Provides has alternatives or an operator other than \"=\"")),
    ];

    private IEnumerable<Dependency> Parse(string field, FieldRange range) =>
        index.Parse(range).Select(clause => new Dependency(field, clause));
}

/// <summary>A clause of a relationship field.</summary>
/// <param name="Field">Name of the field.</param>
/// <param name="Alternatives">At least one.</param>
internal sealed record Dependency(string Field, IReadOnlyList<Relation> Alternatives)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Field} {string.Join(" | ", Alternatives)}";
}
