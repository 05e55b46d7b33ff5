namespace Mantle.Measure.Release.Dsse;

/// <summary>
/// How a key signs. It is fixed beside the key by whoever trusts it and never taken from an envelope, so nobody can ask for a weaker one. None uses SHA-1.
/// </summary>
public enum SignatureScheme
{
    /// <summary>RSASSA-PSS (RFC 8017, 8.1) with SHA-256, MGF1 with the same, salt of 32 bytes.</summary>
    RsaPssSha256,

    /// <summary>RSASSA-PSS with SHA-384, salt of 48 bytes.</summary>
    RsaPssSha384,

    /// <summary>RSASSA-PSS with SHA-512, salt of 64 bytes.</summary>
    RsaPssSha512,

    /// <summary>RSASSA-PKCS1-v1_5 (RFC 8017, 8.2) with SHA-256.</summary>
    RsaPkcs1Sha256,

    /// <summary>RSASSA-PKCS1-v1_5 with SHA-384.</summary>
    RsaPkcs1Sha384,

    /// <summary>RSASSA-PKCS1-v1_5 with SHA-512.</summary>
    RsaPkcs1Sha512,

    /// <summary>ECDSA over P-256 with SHA-256; the signature is Ecdsa-Sig-Value in DER (RFC 3279, 2.2.3), as OpenSSL and KMS write it.</summary>
    EcdsaP256Sha256,

    /// <summary>ECDSA over P-384 with SHA-384; the signature as above.</summary>
    EcdsaP384Sha384,

    /// <summary>Ed25519 (RFC 8032, 5.1), pure: the message itself is signed.</summary>
    Ed25519,
}
