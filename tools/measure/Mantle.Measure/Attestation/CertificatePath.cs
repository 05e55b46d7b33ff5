using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Formats.X509;
using Mantle.Measure.Checking;

namespace Mantle.Measure.Attestation;

/// <summary>
/// The chain of a document's certificates, root first, leaf last, as the document orders them: no other order is tried. Each rule of AWS's ("Validating the
/// certificates", after RFC 5280, 6.1) is a check of its own. Revocation is not checked: AWS says to switch it off.
/// </summary>
internal static class CertificatePath
{
    /// <summary>AWS sends five; more than twice that many is no chain of theirs.</summary>
    private const int MaximumLength = 10;

    /// <summary>Extensions that would restrict the path in ways that nothing here evaluates: nameConstraints, policyConstraints, inhibitAnyPolicy.</summary>
    private static readonly string[] s_restricting = ["2.5.29.30", "2.5.29.36", "2.5.29.54"];

    /// <summary>Reads the certificates; null and a failed check when one is none.</summary>
    public static IReadOnlyList<Certificate>? Read(CheckReport report, IReadOnlyList<ReadOnlyMemory<byte>> encoded)
    {
        List<Certificate> path = [];
        string? problem = null;
        foreach (ReadOnlyMemory<byte> certificate in encoded)
        {
            try
            {
                path.Add(Certificate.Read(certificate));
            }
            catch (MalformedInputException e)
            {
                problem = $"certificate {path.Count + 1} of {encoded.Count}: {e.Problem}";
                break;
            }
        }

        return report.Check("path.form", problem, $"{path.Count} certificates in DER: {string.Join(" > ", path.Select(Name))}") ? path : null;
    }

    /// <summary>Makes all checks that need no trust.</summary>
    /// <returns>Whether all hold.</returns>
    public static bool Check(CheckReport report, IReadOnlyList<Certificate> path, DateTimeOffset at) =>
        report.Check("path.length", path.Count is >= 2 and <= MaximumLength, $"{path.Count} certificates, 2 to {MaximumLength} make a chain")
        & report.Check("path.distinct", Duplicate(path), "no certificate and no key is there twice")
        & report.Check("path.version", First(path, c => c.Version != 3, c => $"is of version {c.Version}"), "all of version 3")
        & report.Check("path.order", Order(path), "each issuer's name is the name of the certificate before")
        & report.Check("path.algorithms", First(path, HasOtherAlgorithm, Algorithms), "all keys P-384, all signatures ECDSA with SHA-384")
        & report.Check("path.signatures", Signatures(path), $"{path.Count - 1} signatures verify, each with the key of the certificate before")
        & report.Check("path.validity", Validity(path, at), $"all valid at {UtcTime.Text(at)}; the first to end is valid until {UtcTime.Text(path.Min(c => c.NotAfter))}")
        & report.Check("path.constraints", Constraints(path), "basicConstraints: issuers are authorities, the leaf is none")
        & report.Check("path.path-length", PathLength(path), "no issuer has more authorities below it than it allows")
        & report.Check("path.key-usage", KeyUsage(path), "keyUsage: issuers sign certificates, the leaf signs data and no certificates")
        & report.Check("path.extensions", First(path, c => Unknown(c) is not null, c => $"has extension {Unknown(c)}, which nothing here evaluates"), "no critical or restricting extension that is not understood")
        & report.Check("path.key-identifiers", KeyIdentifiers(path), "authority key identifiers, where there are any, name the key of the certificate before");

    /// <summary>A key for checking what the certificate's owner signed, or null when it is none on P-384.</summary>
    public static ECDsa? KeyOf(Certificate certificate)
    {
        if (certificate.KeyCurve != Certificate.CurveP384)
        {
            return null;
        }

        ECDsa key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(certificate.PublicKey.Span, out int read);
            if (read == certificate.PublicKey.Length && key.KeySize == 384)
            {
                return key;
            }
        }
        catch (CryptographicException)
        {
            // No point of the curve.
        }

        key.Dispose();
        return null;
    }

    private static string? Duplicate(IReadOnlyList<Certificate> path)
    {
        for (int i = 0; i < path.Count; i++)
        {
            for (int j = i + 1; j < path.Count; j++)
            {
                if (path[i].PublicKey.Span.SequenceEqual(path[j].PublicKey.Span))
                {
                    return $"certificates {i + 1} and {j + 1} have the same key";
                }
            }
        }

        return null;
    }

    private static string? Order(IReadOnlyList<Certificate> path)
    {
        for (int i = 0; i < path.Count; i++)
        {
            Certificate issuer = path[Math.Max(i - 1, 0)];
            if (!path[i].Issuer.Span.SequenceEqual(issuer.Subject.Span))
            {
                return i == 0
                    ? $"the first certificate, \"{Name(path[0])}\", is not its own issuer, so it is no root"
                    : $"certificate {i + 1}, \"{Name(path[i])}\", does not name \"{Name(issuer)}\" as its issuer";
            }
        }

        return null;
    }

    private static string? Signatures(IReadOnlyList<Certificate> path)
    {
        for (int i = 1; i < path.Count; i++)
        {
            using ECDsa? key = KeyOf(path[i - 1]);
            bool holds;
            try
            {
                holds = key?.VerifyData(path[i].SignedPart.Span, path[i].Signature.Span, HashAlgorithmName.SHA384, DSASignatureFormat.Rfc3279DerSequence) == true;
            }
            catch (CryptographicException)
            {
                holds = false;
            }

            if (!holds)
            {
                return $"the signature of certificate {i + 1}, \"{Name(path[i])}\", is not by the key of \"{Name(path[i - 1])}\"";
            }
        }

        return null;
    }

    private static string? Validity(IReadOnlyList<Certificate> path, DateTimeOffset at)
    {
        foreach (Certificate certificate in path)
        {
            string? problem =
                certificate.NotAfter < certificate.NotBefore ? $"ends before it starts"
                : at < certificate.NotBefore - AttestationPolicy.ClockTolerance ? $"is not valid before {UtcTime.Text(certificate.NotBefore)}"
                : at > certificate.NotAfter ? $"is valid until {UtcTime.Text(certificate.NotAfter)}"
                : null;
            if (problem is not null)
            {
                return $"\"{Name(certificate)}\" {problem}, the time of the check is {UtcTime.Text(at)}";
            }
        }

        return null;
    }

    private static string? Constraints(IReadOnlyList<Certificate> path) =>
        First(path.SkipLast(1), c => c.BasicConstraints is not { IsAuthority: true }, _ => "issues a certificate but is no authority")
        ?? First(path.SkipLast(1), c => !IsCritical(c, "2.5.29.19"), _ => "has basicConstraints that are not critical")
        ?? First(path.TakeLast(1), c => c.BasicConstraints is { IsAuthority: true }, _ => "signed the document but is an authority")
        ?? First(path.TakeLast(1), c => c.BasicConstraints is { PathLength: not null }, _ => "is no authority but has a path length");

    private static string? PathLength(IReadOnlyList<Certificate> path)
    {
        for (int i = 0; i < path.Count - 1; i++)
        {
            int below = path.Count - 2 - i;
            if (path[i].BasicConstraints?.PathLength is int allowed && below > allowed)
            {
                return $"\"{Name(path[i])}\" allows {allowed} authorities below it, there are {below}";
            }
        }

        return null;
    }

    private static string? KeyUsage(IReadOnlyList<Certificate> path) =>
        First(path.SkipLast(1), c => c.KeyUsage?.HasFlag(KeyUsages.KeyCertSign) != true, c => $"issues a certificate, its key usage is {Usage(c)}")
        ?? First(path.TakeLast(1), c => c.KeyUsage?.HasFlag(KeyUsages.DigitalSignature) != true, c => $"signed the document, its key usage is {Usage(c)}")
        ?? First(path.TakeLast(1), c => c.KeyUsage is { } usage && (usage & (KeyUsages.KeyCertSign | KeyUsages.CrlSign)) != 0, c => $"is no authority, its key usage is {Usage(c)}");

    private static string? KeyIdentifiers(IReadOnlyList<Certificate> path)
    {
        for (int i = 1; i < path.Count; i++)
        {
            if (path[i].AuthorityKeyIdentifier is { } named && path[i - 1].SubjectKeyIdentifier is { } actual && !named.Span.SequenceEqual(actual.Span))
            {
                return $"\"{Name(path[i])}\" names another key of its issuer than \"{Name(path[i - 1])}\" has";
            }
        }

        return null;
    }

    private static string? Unknown(Certificate certificate) => certificate.Extensions.FirstOrDefault(extension =>
        (extension.IsCritical && !Certificate.UnderstoodExtensions.Contains(extension.Identifier)) || s_restricting.Contains(extension.Identifier))?.Identifier;

    private static bool HasOtherAlgorithm(Certificate certificate) =>
        certificate.SignatureAlgorithm != Certificate.EcdsaWithSha384 || certificate.OuterSignatureAlgorithm != certificate.SignatureAlgorithm
        || certificate.HasSignatureParameters || certificate.KeyAlgorithm != Certificate.EllipticCurveKey || certificate.KeyCurve != Certificate.CurveP384;

    private static string Algorithms(Certificate certificate) =>
        $"has a key {certificate.KeyAlgorithm} on {certificate.KeyCurve ?? "no named curve"}, signature {certificate.SignatureAlgorithm} inside and {certificate.OuterSignatureAlgorithm} outside"
        + (certificate.HasSignatureParameters ? " with parameters" : "");

    private static string? First(IEnumerable<Certificate> path, Func<Certificate, bool> isWrong, Func<Certificate, string> problem) =>
        path.FirstOrDefault(isWrong) is { } wrong ? $"\"{Name(wrong)}\" {problem(wrong)}" : null;

    private static bool IsCritical(Certificate certificate, string identifier) => certificate.Extensions.Any(e => e.Identifier == identifier && e.IsCritical);

    private static string Usage(Certificate certificate) => certificate.KeyUsage?.ToString() ?? "not stated";

    private static string Name(Certificate certificate) => certificate.SubjectCommonName;
}
