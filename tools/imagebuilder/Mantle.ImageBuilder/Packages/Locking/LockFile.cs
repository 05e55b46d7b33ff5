using System.Text.Json.Serialization;

namespace Mantle.ImageBuilder.Packages.Locking;

/// <summary>
/// The lock: which files the image is made of, why, and which state of the archive said so. It names paths and hashes, never a host. Equal inputs and
/// archives give equal bytes.
/// </summary>
public sealed partial record LockFile
{
    /// <summary>The version of the format that this code reads and writes.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Version of the format.</summary>
    public required int Version { get; init; }

    /// <summary>The part of the recipe that the lock answers.</summary>
    public required LockInputs Inputs { get; init; }

    /// <summary>SHA-256 of <see cref="Inputs"/> in canonical form: tells a lock that was edited by hand.</summary>
    public required string InputsSha256 { get; init; }

    /// <summary>The state of each suite, in the order of the inputs.</summary>
    public required IReadOnlyList<LockedSuite> Suites { get; init; }

    /// <summary>The packages, sorted by name.</summary>
    public required IReadOnlyList<LockedPackage> Packages { get; init; }
}

/// <summary>What a recipe asks for, without the reasons: rewording one must not make the lock stale.</summary>
public sealed record LockInputs
{
    /// <summary>Debian's name of the architecture.</summary>
    public required string Architecture { get; init; }

    /// <summary>Suites in order of preference.</summary>
    public required IReadOnlyList<string> Suites { get; init; }

    /// <summary>Uses, sorted by name.</summary>
    public required IReadOnlyList<LockInputUse> Uses { get; init; }
}

/// <summary>A use of the inputs.</summary>
public sealed record LockInputUse
{
    /// <summary>Name of the use.</summary>
    public required string Name { get; init; }

    /// <summary>Packages that the recipe names, sorted.</summary>
    public required IReadOnlyList<string> Roots { get; init; }

    /// <summary>Dependencies that the recipe leaves out, sorted.</summary>
    public required IReadOnlyList<string> LeaveOut { get; init; }
}

/// <summary>The state of a suite that was locked.</summary>
public sealed record LockedSuite
{
    /// <summary>Name as the recipe has it.</summary>
    public required string Name { get; init; }

    /// <summary>Codename that the Release carries.</summary>
    public required string Codename { get; init; }

    /// <summary>Date of the Release; a later lock refuses an older one.</summary>
    [JsonConverter(typeof(UtcTimeConverter))]
    public required DateTimeOffset Date { get; init; }

    /// <summary>When the Release expires, or null when it does not.</summary>
    [JsonConverter(typeof(UtcTimeConverter))]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? ValidUntil { get; init; }

    /// <summary>SHA-256 of the signed text of <c>InRelease</c>.</summary>
    public required string ReleaseSha256 { get; init; }

    /// <summary>SHA-256 of the decompressed index.</summary>
    public required string PackagesSha256 { get; init; }

    /// <summary>Fingerprints of the primary keys whose signatures hold, sorted.</summary>
    public required IReadOnlyList<string> SignedBy { get; init; }
}
