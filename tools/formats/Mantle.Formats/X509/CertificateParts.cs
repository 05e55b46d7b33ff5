namespace Mantle.Formats.X509;

/// <summary>An extension (RFC 5280, 4.2).</summary>
/// <param name="Identifier">Its object identifier.</param>
/// <param name="IsCritical">Whether who does not understand it must refuse the certificate.</param>
/// <param name="Value">Its content, DER.</param>
public sealed record CertificateExtension(string Identifier, bool IsCritical, ReadOnlyMemory<byte> Value);

/// <summary>Extension basicConstraints (RFC 5280, 4.2.1.9).</summary>
/// <param name="IsAuthority">Whether the key signs certificates.</param>
/// <param name="PathLength">How many authorities may follow, or null for no limit.</param>
public readonly record struct BasicConstraints(bool IsAuthority, int? PathLength);

/// <summary>Extension keyUsage (RFC 5280, 4.2.1.3), bit n of the specification as 1 &lt;&lt; n.</summary>
[Flags]
public enum KeyUsages
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Signatures other than on certificates and revocation lists.</summary>
    DigitalSignature = 1 << 0,

    /// <summary>nonRepudiation, or contentCommitment.</summary>
    NonRepudiation = 1 << 1,

    /// <summary>Keys are encrypted.</summary>
    KeyEncipherment = 1 << 2,

    /// <summary>Data is encrypted.</summary>
    DataEncipherment = 1 << 3,

    /// <summary>Keys are agreed on.</summary>
    KeyAgreement = 1 << 4,

    /// <summary>Certificates are signed.</summary>
    KeyCertSign = 1 << 5,

    /// <summary>Revocation lists are signed.</summary>
    CrlSign = 1 << 6,

    /// <summary>With key agreement: only encryption.</summary>
    EncipherOnly = 1 << 7,

    /// <summary>With key agreement: only decryption.</summary>
    DecipherOnly = 1 << 8,
}
