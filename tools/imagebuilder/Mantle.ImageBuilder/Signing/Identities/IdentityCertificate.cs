using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mantle.ImageBuilder.Signing.Keys;
using Mantle.Measure.Release.Dsse;

namespace Mantle.ImageBuilder.Signing.Identities;

/// <summary>
/// A self-signed certificate for a key, wherever the key is (RFC 5280, 4.1). The same key, name and times make the same bytes: the serial number follows from
/// the key, and RSASSA-PKCS1-v1_5 has no randomness.
/// </summary>
internal static class IdentityCertificate
{
    private const int SerialNumberSize = 16;

    public static byte[] SelfSign(ISigner key, string subject, DateTimeOffset from, DateTimeOffset until, CancellationToken cancellation)
    {
        X500DistinguishedNameBuilder name = new();
        name.AddCommonName(subject);
        X500DistinguishedName distinguished = name.Build();
        PublicKey publicKey = PublicKey.CreateFromSubjectPublicKeyInfo(key.PublicKey.SubjectPublicKeyInfo.Span, out _);
        CertificateRequest request = new(distinguished, publicKey, HashAlgorithmName.SHA256);

        // It signs images and variables, and no other certificate.
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        byte[] serial = SHA256.HashData(key.PublicKey.SubjectPublicKeyInfo.Span)[..SerialNumberSize];
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40); // positive, and of the same length in every encoding
        using X509Certificate2 certificate = request.Create(distinguished, new Generator(key, publicKey, cancellation), from, until, serial);
        return certificate.RawData;
    }

    private sealed class Generator(ISigner key, PublicKey publicKey, CancellationToken cancellation) : X509SignatureGenerator
    {
        protected override PublicKey BuildPublicKey() => publicKey;

        /// <summary>sha256WithRSAEncryption (RFC 8017, A.2.4).</summary>
        public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm) =>
            [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00];

        public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) =>
            key.SignCheckedAsync(data, SignatureScheme.RsaPkcs1Sha256, cancellation).GetAwaiter().GetResult();
    }
}
