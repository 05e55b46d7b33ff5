using System.Security.Cryptography;

namespace Mantle.Measure.Release.Dsse;

/// <summary>The schemes' names, hashes and keys.</summary>
public static class SignatureSchemes
{
    private static readonly (SignatureScheme Scheme, string Name, KeyKind Kind, HashAlgorithmName Hash)[] s_schemes =
    [
        (SignatureScheme.RsaPssSha256, "rsa-pss-sha256", KeyKind.Rsa, HashAlgorithmName.SHA256),
        (SignatureScheme.RsaPssSha384, "rsa-pss-sha384", KeyKind.Rsa, HashAlgorithmName.SHA384),
        (SignatureScheme.RsaPssSha512, "rsa-pss-sha512", KeyKind.Rsa, HashAlgorithmName.SHA512),
        (SignatureScheme.RsaPkcs1Sha256, "rsa-pkcs1-sha256", KeyKind.Rsa, HashAlgorithmName.SHA256),
        (SignatureScheme.RsaPkcs1Sha384, "rsa-pkcs1-sha384", KeyKind.Rsa, HashAlgorithmName.SHA384),
        (SignatureScheme.RsaPkcs1Sha512, "rsa-pkcs1-sha512", KeyKind.Rsa, HashAlgorithmName.SHA512),
        (SignatureScheme.EcdsaP256Sha256, "ecdsa-p256-sha256", KeyKind.EcdsaP256, HashAlgorithmName.SHA256),
        (SignatureScheme.EcdsaP384Sha384, "ecdsa-p384-sha384", KeyKind.EcdsaP384, HashAlgorithmName.SHA384),
        (SignatureScheme.Ed25519, "ed25519", KeyKind.Ed25519, HashAlgorithmName.SHA512),
    ];

    /// <summary>The names as policies have them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_schemes.Select(scheme => scheme.Name)];

    /// <summary>The name, for example <c>rsa-pss-sha256</c>.</summary>
    public static string Name(this SignatureScheme scheme) => s_schemes[(int)scheme].Name;

    /// <summary>The kind of key that can sign so.</summary>
    public static KeyKind Kind(this SignatureScheme scheme) => s_schemes[(int)scheme].Kind;

    /// <summary>The hash function of the message; Ed25519 uses it inside.</summary>
    public static HashAlgorithmName Hash(this SignatureScheme scheme) => s_schemes[(int)scheme].Hash;

    /// <summary>The scheme of a name, or null when there is none.</summary>
    public static SignatureScheme? Find(string name)
    {
        int index = Array.FindIndex(s_schemes, scheme => scheme.Name == name);
        return index < 0 ? null : (SignatureScheme)index;
    }

    /// <summary>The scheme that a key uses where nothing else is said: PSS with SHA-256 for RSA, the curve's own hash for ECDSA.</summary>
    public static SignatureScheme Default(KeyKind kind) => kind switch
    {
        KeyKind.Rsa => SignatureScheme.RsaPssSha256,
        KeyKind.EcdsaP256 => SignatureScheme.EcdsaP256Sha256,
        KeyKind.EcdsaP384 => SignatureScheme.EcdsaP384Sha384,
        _ => SignatureScheme.Ed25519,
    };
}
