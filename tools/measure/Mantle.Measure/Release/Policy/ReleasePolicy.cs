using Mantle.Formats.Tpm;
using Mantle.Measure.Release.Dsse;
using Mantle.Measure.Release.Ledger;
using Mantle.Measure.Twin;

namespace Mantle.Measure.Release.Policy;

/// <summary>Who has to sign a release, and what it must be: <c>policies/release.yaml</c> (docs/release.md).</summary>
public sealed record ReleasePolicy
{
    /// <summary>The appliance whose releases it is about.</summary>
    public required string Name { get; init; }

    /// <summary>The roles, every one of which has to be met.</summary>
    public required IReadOnlyList<ReleaseRole> Roles { get; init; }

    /// <summary>The lowest version number that is accepted.</summary>
    public required long MinimumNumber { get; init; }

    /// <summary>The greatest age, from <see cref="ReleaseStatement.Released"/> on.</summary>
    public required TimeSpan MaximumAge { get; init; }

    /// <summary>Digests of the Secure Boot identities that are accepted; empty: any that the signers put there.</summary>
    public IReadOnlyList<string> Identities { get; init; } = [];

    /// <summary>What is refused whoever signed it.</summary>
    public IReadOnlyList<DeniedRelease> Denied { get; init; } = [];

    /// <summary>The lists of debug twins' measurements.</summary>
    public IReadOnlyList<DenyList> DebugTwins { get; init; } = [];

    /// <summary>The waivers that a release may have.</summary>
    public IReadOnlyList<AcceptedWaiver> Waivers { get; init; } = [];

    /// <summary>The key of the ledger that a release has to be in; null: no ledger is asked for.</summary>
    public NoteKey? Ledger { get; init; }

    /// <summary>A checkpoint that the ledger has to begin with; null: an older copy of it, from before a release was revoked, is not told from the newest.</summary>
    public Checkpoint? LedgerCheckpoint { get; init; }
}

/// <summary>A role and how many of its people have to sign.</summary>
/// <param name="Name">The role.</param>
/// <param name="Threshold">How many different people, at least 1.</param>
/// <param name="People">Who has the role. Nobody has two roles of one policy.</param>
public sealed record ReleaseRole(string Name, int Threshold, IReadOnlyList<ReleasePerson> People);

/// <summary>Somebody who signs. All keys of a person together count once.</summary>
/// <param name="Name">The name.</param>
/// <param name="Keys">The keys, the old ones too.</param>
public sealed record ReleasePerson(string Name, IReadOnlyList<ReleaseKey> Keys);

/// <summary>A key with what it may be used for.</summary>
/// <param name="Key">The public key.</param>
/// <param name="Scheme">How it signs, and no other way.</param>
/// <param name="From">The first day on which its signatures are accepted, UTC.</param>
/// <param name="Until">The last day, UTC.</param>
public sealed record ReleaseKey(VerificationKey Key, SignatureScheme Scheme, DateOnly From, DateOnly Until)
{
    /// <summary>Why signatures of the key are not accepted at a time, or null.</summary>
    public string? Problem(DateTimeOffset at)
    {
        DateOnly day = DateOnly.FromDateTime(at.UtcDateTime);
        return day < From ? $"valid only from {From:yyyy-MM-dd} on" : day > Until ? $"expired after {Until:yyyy-MM-dd}" : null;
    }
}

/// <summary>Something that is refused.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Statement">SHA-256 of a release statement, or null.</param>
/// <param name="Image">SHA-256 of an image, or null.</param>
/// <param name="Number">A version number, or null.</param>
/// <param name="Register">A register's value in either mode, or null.</param>
public sealed record DeniedRelease(string Reason, string? Statement, string? Image, long? Number, (int Pcr, TpmDigest Value)? Register);

/// <summary>A waiver that is accepted.</summary>
/// <param name="Rule">Identifier of the seal rule.</param>
/// <param name="Path">The waiver's path, letter by letter; null: any.</param>
public sealed record AcceptedWaiver(string Rule, string? Path);
