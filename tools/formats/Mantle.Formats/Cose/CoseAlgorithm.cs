namespace Mantle.Formats.Cose;

/// <summary>Signature algorithms by their COSE identifiers (RFC 9053, table 1). Any number may stand in a message.</summary>
public enum CoseAlgorithm
{
    /// <summary>ECDSA with SHA-256.</summary>
    Es256 = -7,

    /// <summary>ECDSA with SHA-384: the only one that AWS's attestation documents use.</summary>
    Es384 = -35,

    /// <summary>ECDSA with SHA-512.</summary>
    Es512 = -36,
}
