using Mantle.ImageBuilder.Signing.Keys;

namespace Mantle.ImageBuilder.Signing.Identities;

/// <summary>What an identity shall be made of. Keys that are not given are made.</summary>
public sealed record IdentityRequest
{
    /// <summary>The folder to make.</summary>
    public required string Folder { get; init; }

    /// <summary>What the certificates' subjects begin with.</summary>
    public required string Name { get; init; }

    /// <summary>Start of the certificates' validity and time of the signed updates, whole seconds. No clock is read.</summary>
    public required DateTimeOffset ValidFrom { get; init; }

    /// <summary>End of the certificates' validity. Firmware does not look at it; release policies do.</summary>
    public required DateTimeOffset ValidUntil { get; init; }

    /// <summary>SignatureOwner; null: it follows from PK's key.</summary>
    public Guid? Owner { get; init; }

    /// <summary>The key for PK, or null to make one.</summary>
    public ISigner? PlatformKey { get; init; }

    /// <summary>The key for KEK, or null to make one.</summary>
    public ISigner? KeyExchangeKey { get; init; }

    /// <summary>The keys for db, each with a certificate made here; and certificates of keys that are elsewhere. Both empty: one key is made.</summary>
    public IReadOnlyList<ISigner> Allowed { get; init; } = [];

    /// <summary>Certificates for db, DER, behind those of <see cref="Allowed"/>.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> AllowedCertificates { get; init; } = [];

    /// <summary>Content of dbx; empty: none.</summary>
    public ReadOnlyMemory<byte> Forbidden { get; init; }

    /// <summary>Size of the keys that are made, in bits.</summary>
    public int Bits { get; init; } = 4096;

    /// <summary>Folder for the private keys that are made here and kept; null: none is kept.</summary>
    public string? KeyFolder { get; init; }

    /// <summary>Whether made keys of PK and KEK are kept too. Otherwise they are thrown away, and nobody can change the variables by signature again.</summary>
    public bool KeepsAuthorities { get; init; }

    /// <summary>Where the passphrases for kept keys come from.</summary>
    public required IPassphrases Passphrases { get; init; }
}
