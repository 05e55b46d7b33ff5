using System.Security.Cryptography;

namespace Mantle.Formats.Pe.Signing;

/// <summary>
/// Whether one trusted certificate vouches for a signature, as EDK2's AuthenticodeVerify decides it: the digest is the image's, each signer's signature
/// holds, and a chain of certificates leads from each signer to the trusted one, be that the signer itself, a root or something between. Expiry and
/// key purposes are not looked at. Keys other than RSA are not accepted (OVMF 2025.02 refuses ECDSA).
/// </summary>
public static class AuthenticodeVerifier
{
    private const string RsaEncryption = "1.2.840.113549.1.1.1";

    /// <summary>True: the trusted certificate vouches for the image that has this digest by the signature's algorithm.</summary>
    public static bool IsVouchedFor(AuthenticodeSignature signature, ReadOnlySpan<byte> imageDigest, SigningCertificate trusted) =>
        signature.ImageDigest.Span.SequenceEqual(imageDigest)
        && signature.Signers.All(signer => Holds(signature, signer, out SigningCertificate? certificate) && ChainTo(signature, certificate!, trusted) is not null);

    /// <summary>The first signer's certificate and those above it that the signature carries; empty when the signature does not carry the signer's.</summary>
    public static IReadOnlyList<SigningCertificate> CarriedChain(AuthenticodeSignature signature)
    {
        List<SigningCertificate> chain = [];
        for (SigningCertificate? next = FindSigner(signature, signature.Signers[0]); next is not null && !chain.Contains(next);)
        {
            SigningCertificate current = next;
            chain.Add(current);
            next = current.IsSelfIssued ? null : signature.Certificates.FirstOrDefault(candidate => Issued(candidate, current));
        }

        return chain;
    }

    private static bool Holds(AuthenticodeSignature signature, AuthenticodeSigner signer, out SigningCertificate? certificate)
    {
        certificate = FindSigner(signature, signer);
        if (certificate is null)
        {
            return false;
        }

        byte[] digest = CryptographicOperations.HashData(signer.DigestAlgorithm, signature.Content.Span);
        if (signer.SignedAttributes.IsEmpty)
        {
            return VerifyHash(certificate, digest, signer.Signature.Span, signer.DigestAlgorithm);
        }

        return signer.MessageDigest.Span.SequenceEqual(digest)
            && VerifyHash(
                certificate, CryptographicOperations.HashData(signer.DigestAlgorithm, signer.SignedAttributes.Span), signer.Signature.Span, signer.DigestAlgorithm);
    }

    private static SigningCertificate? FindSigner(AuthenticodeSignature signature, AuthenticodeSigner signer) =>
        signature.Certificates.FirstOrDefault(candidate =>
            candidate.SerialNumber.Span.SequenceEqual(signer.SerialNumber.Span) && candidate.Issuer.Span.SequenceEqual(signer.Issuer.Span));

    /// <summary>
    /// The certificates from a signer's up to the trusted one, or null when there is no way. The trusted certificate is tried first at each step; it ends
    /// the chain even when another issued it.
    /// </summary>
    private static List<SigningCertificate>? ChainTo(AuthenticodeSignature signature, SigningCertificate signer, SigningCertificate trusted)
    {
        List<SigningCertificate> chain = [signer];
        int authorities = 0;
        while (!chain[^1].Der.Span.SequenceEqual(trusted.Der.Span))
        {
            SigningCertificate current = chain[^1];
            SigningCertificate? issuer = Issued(trusted, current)
                ? trusted
                : signature.Certificates.FirstOrDefault(candidate => !chain.Contains(candidate) && Issued(candidate, current));
            if (issuer is null || !issuer.IsAuthority || authorities > (issuer.PathLength ?? int.MaxValue))
            {
                return null;
            }

            chain.Add(issuer);
            authorities += issuer.IsSelfIssued ? 0 : 1;
        }

        return chain;
    }

    private static bool Issued(SigningCertificate issuer, SigningCertificate subject)
    {
        if (!issuer.Subject.Span.SequenceEqual(subject.Issuer.Span))
        {
            return false;
        }

        HashAlgorithmName? algorithm = subject.SignatureAlgorithm switch
        {
            "1.2.840.113549.1.1.5" => HashAlgorithmName.SHA1,
            "1.2.840.113549.1.1.11" => HashAlgorithmName.SHA256,
            "1.2.840.113549.1.1.12" => HashAlgorithmName.SHA384,
            "1.2.840.113549.1.1.13" => HashAlgorithmName.SHA512,
            _ => null,
        };
        return algorithm is { } known
            && VerifyHash(issuer, CryptographicOperations.HashData(known, subject.SignedPart.Span), subject.Signature.Span, known);
    }

    private static bool VerifyHash(SigningCertificate certificate, byte[] hash, ReadOnlySpan<byte> signature, HashAlgorithmName algorithm)
    {
        if (certificate.PublicKeyAlgorithm != RsaEncryption)
        {
            return false;
        }

        try
        {
            using RSA key = RSA.Create();
            key.ImportSubjectPublicKeyInfo(certificate.PublicKey.Span, out _);
            return key.VerifyHash(hash, signature, algorithm, RSASignaturePadding.Pkcs1);
        }
        catch (CryptographicException)
        {
            return false; // a key that is none vouches for nothing
        }
    }
}
