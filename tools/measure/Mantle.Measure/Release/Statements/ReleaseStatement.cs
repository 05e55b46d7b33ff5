namespace Mantle.Measure.Release;

/// <summary>
/// The release statement: an in-toto Statement v1 whose subjects are the files of a release directory and whose predicate says what the release is.
/// docs/release.md and docs/schemas/release.schema.json describe it; it has one encoding.
/// </summary>
public sealed partial record ReleaseStatement
{
    /// <summary><c>_type</c> of an in-toto Statement v1.</summary>
    public const string StatementType = "https://in-toto.io/Statement/v1";

    /// <summary>The predicate type of a release. The name is in a domain that nobody can own (RFC 2606) and leads nowhere.</summary>
    public const string PredicateType = "https://mantle.example/release/v1";

    /// <summary>The files, by ascending name in byte order: every file of the directory but <see cref="ReleaseFiles.Envelope"/>.</summary>
    public required IReadOnlyList<ReleaseSubject> Subjects { get; init; }

    /// <summary>The appliance's name.</summary>
    public required string Name { get; init; }

    /// <summary>The version for people, as the recipe has it.</summary>
    public required string Version { get; init; }

    /// <summary>The version number, which grows with every release of the appliance and says which of two is newer; at least 1.</summary>
    public required long Number { get; init; }

    /// <summary>From this release on, releases with a lower number are refused; at most <see cref="Number"/>.</summary>
    public required long MinimumNumber { get; init; }

    /// <summary>The recipe's epoch, from the manifest: the time of everything inside the image. Whole seconds.</summary>
    public required DateTimeOffset Epoch { get; init; }

    /// <summary>When the release was made, as its makers say: certificates and waivers have to be valid then, and its age counts from it. Whole seconds.</summary>
    public required DateTimeOffset Released { get; init; }

    /// <summary>The last second in which the release may be published or bound. Whole seconds.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>Whether the image is a debug twin. Always false: a release of one is refused.</summary>
    public bool IsDebugTwin { get; init; }

    /// <summary>What the audit said.</summary>
    public required ReleaseAudit Audit { get; init; }

    /// <summary>SHA-256 of <see cref="ReleaseFiles.Waivers"/>; null: there are none.</summary>
    public required string? WaiversSha256 { get; init; }

    /// <summary>The digest of the Secure Boot identity (<see cref="ReleaseFiles.IdentityDigest"/>).</summary>
    public required string IdentitySha256 { get; init; }

    /// <summary>The registers with Secure Boot off.</summary>
    public required ReleaseMeasurements WithoutSecureBoot { get; init; }

    /// <summary>The registers with Secure Boot on.</summary>
    public required ReleaseMeasurements WithSecureBoot { get; init; }

    /// <summary>The digest of a file, or null when it is no subject.</summary>
    public string? DigestOf(string name) => Subjects.FirstOrDefault(subject => subject.Name == name)?.Sha256;
}
