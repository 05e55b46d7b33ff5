using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Formats.Efi;
using Mantle.Formats.Pe;
using Mantle.Formats.Pe.Signing;

namespace Mantle.Measure.Prediction;

/// <summary>What firmware decides about an image when Secure Boot is on.</summary>
/// <param name="Refusal">Why it is not started; null: it is.</param>
/// <param name="Authorities">The db entries that were found to vouch for it, which are measured even when something else then refuses it.</param>
internal sealed record ImageVerdict(string? Refusal, IReadOnlyList<Authority> Authorities);

/// <summary>An entry of db that vouched for an image.</summary>
/// <param name="Entry">EFI_SIGNATURE_DATA: owner, then certificate or digest. This is measured.</param>
/// <param name="Description">The entry in words.</param>
/// <param name="Image">The image that it vouched for.</param>
internal sealed record Authority(ReadOnlyMemory<byte> Entry, string Description, string Image);

/// <summary>
/// EDK2's decision (DxeImageVerificationLib.c): signatures in file order; each is held against dbx; the first that a certificate of db vouches for, in
/// db's order, decides; a digest in db counts when no certificate did. One forbidden signature refuses the image.
/// </summary>
internal sealed class ImageAuthorization
{
    private const ushort PkcsCertificate = 0x0002;
    private const ushort GuidCertificate = 0x0ef1;
    private const int GuidSize = 16;

    private static readonly (HashAlgorithmName Algorithm, Guid Type)[] s_digestTypes =
    [
        (HashAlgorithmName.SHA512, EfiGuids.Sha512),
        (HashAlgorithmName.SHA384, EfiGuids.Sha384),
        (HashAlgorithmName.SHA256, EfiGuids.Sha256),
        (HashAlgorithmName.SHA1, EfiGuids.Sha1),
    ];

    private readonly IReadOnlyList<SignatureList> _allowed;
    private readonly IReadOnlyList<SignatureList> _forbidden;
    private readonly bool _hasTimestamping;

    public ImageAuthorization(SecureBootVariables variables)
    {
        _allowed = SignatureDatabase.Read(variables.Allowed);
        _forbidden = SignatureDatabase.Read(variables.Forbidden);
        _hasTimestamping = !variables.Timestamping.IsEmpty;
    }

    /// <summary>Decides about one image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="name">How to call it.</param>
    /// <param name="digest">Its Authenticode digest by an algorithm.</param>
    public ImageVerdict Judge(PeImage image, string name, Func<HashAlgorithmName, byte[]> digest) =>
        image.Certificates.Count == 0 ? JudgeUnsigned(name, digest) : JudgeSigned(image, name, digest);

    private ImageVerdict JudgeUnsigned(string name, Func<HashAlgorithmName, byte[]> digest)
    {
        foreach ((HashAlgorithmName algorithm, Guid type) in s_digestTypes)
        {
            if (!_allowed.Concat(_forbidden).Any(list => list.Type == type))
            {
                continue;
            }

            byte[] value = digest(algorithm);
            if (Find(_forbidden, type, value) is not null)
            {
                return new($"\"{name}\" is not signed, and dbx forbids its {algorithm} digest", []);
            }

            if (Find(_allowed, type, value) is { } entry)
            {
                return new(null, [Authority(type, entry, name)]);
            }
        }

        return new($"\"{name}\" is not signed, and db has no digest of it", []);
    }

    private ImageVerdict JudgeSigned(PeImage image, string name, Func<HashAlgorithmName, byte[]> digest)
    {
        List<Authority> authorities = [];
        foreach (PeCertificate certificate in image.Certificates)
        {
            if (!TryRead(certificate, out AuthenticodeSignature? signature))
            {
                continue;
            }

            byte[] value = digest(signature!.DigestAlgorithm);
            Guid type = s_digestTypes.First(known => known.Algorithm == signature.DigestAlgorithm).Type;
            if (ForbiddenBy(signature, value) is { } problem)
            {
                return new($"dbx forbids a signature of \"{name}\": {problem}", authorities);
            }

            if (authorities.Count == 0 && FindVouching(signature, value) is { } vouching)
            {
                authorities.Add(Authority(EfiGuids.X509, vouching, name));
            }

            if (Find(_forbidden, type, value) is not null)
            {
                return new($"dbx forbids the {signature.DigestAlgorithm} digest of \"{name}\"", authorities);
            }

            if (authorities.Count == 0 && Find(_allowed, type, value) is { } entry)
            {
                authorities.Add(Authority(type, entry, name));
            }
        }

        return new(authorities.Count > 0 ? null : $"no entry of db vouches for a signature of \"{name}\"", authorities);
    }

    /// <summary>WIN_CERT_TYPE_PKCS_SIGNED_DATA, or the same inside WIN_CERT_TYPE_EFI_GUID. Others are passed over.</summary>
    private static bool TryRead(PeCertificate certificate, out AuthenticodeSignature? signature)
    {
        const int LargestSignature = 1 << 20;
        signature = null;
        if (certificate.Content.Length > LargestSignature)
        {
            throw new MalformedInputException("authenticode", 0, $"a signature of {certificate.Content.Length} bytes");
        }

        ReadOnlyMemory<byte> content = certificate.Content.ToArray();
        if (certificate.Type == GuidCertificate && content.Length > GuidSize && new Guid(content.Span[..GuidSize]) == EfiGuids.Pkcs7)
        {
            content = content[GuidSize..];
        }
        else if (certificate.Type != PkcsCertificate)
        {
            return false;
        }

        signature = AuthenticodeSignature.Read(content);
        return true;
    }

    private SignatureEntry? FindVouching(AuthenticodeSignature signature, byte[] digest)
    {
        foreach (SignatureList list in _allowed.Where(list => list.Type == EfiGuids.X509))
        {
            foreach (SignatureEntry entry in list.Entries)
            {
                if (Vouches(entry, signature, digest))
                {
                    return RevocationOf([SigningCertificate.Read(entry.Data)]) is null ? entry : null;
                }
            }
        }

        return null;
    }

    private string? ForbiddenBy(AuthenticodeSignature signature, byte[] digest)
    {
        foreach (SignatureEntry entry in _forbidden.Where(list => list.Type == EfiGuids.X509).SelectMany(list => list.Entries))
        {
            if (Vouches(entry, signature, digest))
            {
                return SignatureDatabasePrinter.Describe(EfiGuids.X509, entry);
            }
        }

        if (_forbidden.Count == 0)
        {
            return null;
        }

        IReadOnlyList<SigningCertificate> chain = AuthenticodeVerifier.CarriedChain(signature);
        return chain.Count == 0 ? "it does not carry its signer's certificate" : RevocationOf(chain);
    }

    /// <summary>The first of the certificates that dbx has by the digest of its signed part.</summary>
    private string? RevocationOf(IReadOnlyList<SigningCertificate> certificates)
    {
        foreach ((HashAlgorithmName algorithm, Guid type) in new[]
        {
            (HashAlgorithmName.SHA256, EfiGuids.X509Sha256),
            (HashAlgorithmName.SHA384, EfiGuids.X509Sha384),
            (HashAlgorithmName.SHA512, EfiGuids.X509Sha512),
        })
        {
            foreach (SignatureEntry entry in _forbidden.Where(list => list.Type == type).SelectMany(list => list.Entries))
            {
                foreach (SigningCertificate certificate in certificates)
                {
                    byte[] digest = CryptographicOperations.HashData(algorithm, certificate.SignedPart.Span);
                    if (!entry.Data.Span[..digest.Length].SequenceEqual(digest))
                    {
                        continue;
                    }

                    // With a time of revocation and a dbt, a time stamp inside the signature decides.
                    return entry.Data.Span[digest.Length..].ContainsAnyExcept((byte)0) && _hasTimestamping
                        ? throw new UserErrorException(
                            $"dbx revokes {certificate.SubjectText} from a time on and there is a dbt, so a time stamp decides whether the image starts",
                            "what firmware makes of time stamps is not known")
                        : $"{certificate.SubjectText} is revoked";
                }
            }
        }

        return null;
    }

    private static bool Vouches(SignatureEntry entry, AuthenticodeSignature signature, byte[] digest)
    {
        try
        {
            return AuthenticodeVerifier.IsVouchedFor(signature, digest, SigningCertificate.Read(entry.Data));
        }
        catch (MalformedInputException)
        {
            return false; // firmware goes on to the next entry
        }
    }

    private static SignatureEntry? Find(IReadOnlyList<SignatureList> lists, Guid type, byte[] digest) =>
        lists.Where(list => list.Type == type).SelectMany(list => list.Entries).FirstOrDefault(entry => entry.Data.Span.SequenceEqual(digest));

    private static Authority Authority(Guid type, SignatureEntry entry, string image) =>
        new(entry.ToArray(), SignatureDatabasePrinter.Describe(type, entry), image);
}
