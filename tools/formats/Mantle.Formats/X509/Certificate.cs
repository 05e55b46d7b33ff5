namespace Mantle.Formats.X509;

/// <summary>
/// A certificate, version 3 or less (RFC 5280, 4.1), as its DER says it. Reading checks the form only; what the certificate is good for, and whether its
/// signature is right, is for a verifier to find out.
/// </summary>
public sealed partial class Certificate
{
    /// <summary>Object identifier of ECDSA with SHA-384 (RFC 5758, 3.2).</summary>
    public const string EcdsaWithSha384 = "1.2.840.10045.4.3.3";

    /// <summary>Object identifier of elliptic-curve keys (RFC 5480, 2.1.1).</summary>
    public const string EllipticCurveKey = "1.2.840.10045.2.1";

    /// <summary>Object identifier of the curve P-384 (RFC 5480, 2.1.1.1).</summary>
    public const string CurveP384 = "1.3.132.0.34";

    internal const string Format = "x509";

    private Certificate(ReadOnlyMemory<byte> bytes) => Bytes = bytes;

    /// <summary>The whole certificate.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The part that the issuer signed.</summary>
    public ReadOnlyMemory<byte> SignedPart { get; private set; }

    /// <summary>1, 2 or 3.</summary>
    public int Version { get; private set; }

    /// <summary>The serial number, big-endian, as it is encoded.</summary>
    public ReadOnlyMemory<byte> SerialNumber { get; private set; }

    /// <summary>Object identifier of the algorithm inside the signed part.</summary>
    public string SignatureAlgorithm { get; private set; } = "";

    /// <summary>Object identifier of the algorithm outside the signed part, which has to be the same.</summary>
    public string OuterSignatureAlgorithm { get; private set; } = "";

    /// <summary>Whether an algorithm comes with parameters; ECDSA's has none (RFC 5758, 3.2).</summary>
    public bool HasSignatureParameters { get; private set; }

    /// <summary>The issuer's name, DER.</summary>
    public ReadOnlyMemory<byte> Issuer { get; private set; }

    /// <summary>The subject's name, DER.</summary>
    public ReadOnlyMemory<byte> Subject { get; private set; }

    /// <summary>First second of the validity.</summary>
    public DateTimeOffset NotBefore { get; private set; }

    /// <summary>Last second of the validity.</summary>
    public DateTimeOffset NotAfter { get; private set; }

    /// <summary>The key with its algorithm, DER (SubjectPublicKeyInfo).</summary>
    public ReadOnlyMemory<byte> PublicKey { get; private set; }

    /// <summary>Object identifier of the key's algorithm.</summary>
    public string KeyAlgorithm { get; private set; } = "";

    /// <summary>Object identifier of the key's curve, or null for other keys and for curves without a name.</summary>
    public string? KeyCurve { get; private set; }

    /// <summary>The extensions in their order, none twice.</summary>
    public IReadOnlyList<CertificateExtension> Extensions { get; private set; } = [];

    /// <summary>Extension basicConstraints, or null without one.</summary>
    public BasicConstraints? BasicConstraints { get; private set; }

    /// <summary>Extension keyUsage, or null without one.</summary>
    public KeyUsages? KeyUsage { get; private set; }

    /// <summary>Extension subjectKeyIdentifier, or null without one.</summary>
    public ReadOnlyMemory<byte>? SubjectKeyIdentifier { get; private set; }

    /// <summary>The key identifier of extension authorityKeyIdentifier, or null without one.</summary>
    public ReadOnlyMemory<byte>? AuthorityKeyIdentifier { get; private set; }

    /// <summary>The issuer's signature.</summary>
    public ReadOnlyMemory<byte> Signature { get; private set; }

    /// <summary>The subject's common name, or its DER in hex where it has not exactly one.</summary>
    public string SubjectCommonName { get; private set; } = "";
}
