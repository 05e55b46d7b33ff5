namespace Mantle.Formats.Cose;

/// <summary>
/// What an attestation document says (EC2 User Guide, "NitroTPM Attestation Document content"; Nitro Enclaves, "attestation process", 3.1). By itself it is a
/// claim: whose key signed it, and whether that key is AWS's, is for the verifier to find out.
/// </summary>
public sealed record AttestationDocument
{
    /// <summary>The digest that documents name: registers are of SHA-384.</summary>
    public const string Sha384 = "SHA384";

    /// <summary>Highest register index plus one.</summary>
    public const int RegisterLimit = 32;

    /// <summary>Longest certificate in bytes.</summary>
    public const int MaximumCertificateLength = 1024;

    /// <summary>Longest public key, user data or nonce in bytes.</summary>
    public const int MaximumDataLength = 1024;

    /// <summary>Most certificates that a reader takes in the bundle; AWS sends four.</summary>
    public const int MaximumBundleCount = 16;

    /// <summary>Who issued it.</summary>
    public required AttestationKind Kind { get; init; }

    /// <summary>The issuing module, for example <c>i-0123456789abcdef0-tpm0000000000000000</c>.</summary>
    public required string ModuleId { get; init; }

    /// <summary>The registers' hash function, <see cref="Sha384"/>.</summary>
    public string Digest { get; init; } = Sha384;

    /// <summary>When it was made, in milliseconds since 1970 UTC.</summary>
    public required ulong TimestampMilliseconds { get; init; }

    /// <summary>The registers by index, each of 32, 48 or 64 bytes.</summary>
    public required IReadOnlyDictionary<int, ReadOnlyMemory<byte>> Pcrs { get; init; }

    /// <summary>The certificate of the signing key, DER.</summary>
    public required ReadOnlyMemory<byte> Certificate { get; init; }

    /// <summary>The issuers of the certificate, DER, root first.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> CaBundle { get; init; }

    /// <summary>A key that the requester named, or null.</summary>
    public ReadOnlyMemory<byte>? PublicKey { get; init; }

    /// <summary>Data that the requester named, or null.</summary>
    public ReadOnlyMemory<byte>? UserData { get; init; }

    /// <summary>The number that the requester named, or null.</summary>
    public ReadOnlyMemory<byte>? Nonce { get; init; }

    /// <summary><see cref="TimestampMilliseconds"/> as a time.</summary>
    public DateTimeOffset Timestamp => DateTimeOffset.FromUnixTimeMilliseconds((long)TimestampMilliseconds);
}
