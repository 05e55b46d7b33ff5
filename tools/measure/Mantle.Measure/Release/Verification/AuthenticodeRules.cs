using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Formats.Efi;
using Mantle.Formats.Pe;
using Mantle.Formats.Pe.Signing;
using Mantle.Formats.X509;
using Mantle.Measure.Checking;
using Mantle.Measure.Prediction;
using Mantle.Measure.Release.Dsse;
using Mantle.Measure.Verification;

namespace Mantle.Measure.Release.Verification;

/// <summary>
/// The Secure Boot signature in the image. Firmware accepts SHA-1, small keys and certificates that have expired; a release does not. That db vouches for the
/// boot file and dbx does not forbid it is part of computing the measurements with Secure Boot on.
/// </summary>
internal static class AuthenticodeRules
{
    private const ushort PkcsCertificate = 2;
    private const string Sha1WithRsa = "1.2.840.113549.1.1.5";
    private const int LargestSignature = 1 << 20;

    public static void Check(CheckReport report, ReleaseInputs inputs)
    {
        string identity = ReleaseFiles.IdentityDigest(inputs.Statement.Subjects);
        report.Check(
            "identity",
            identity != inputs.Statement.IdentitySha256 ? $"the identity's files have the digest {identity}, the statement has {inputs.Statement.IdentitySha256}"
                : inputs.Policy is { Identities: { Count: > 0 } accepted } && !accepted.Contains(identity) ? $"identity {identity} is none of those that the policy accepts"
                : null,
            $"digest {identity}{(inputs.Policy is { Identities.Count: > 0 } ? ", which the policy accepts" : "")}");
        if (inputs.Image is not { } image)
        {
            return;
        }

        ImageVerifier.Guard(report, "authenticode", () =>
        {
            PeImage boot = PeImage.Read(BootFileLocator.Locate(image, ReleaseFiles.Image).Content);
            SigningCertificate[] allowed = [.. SignatureDatabase.Read(inputs.Variables().Allowed).Where(list => list.Type == EfiGuids.X509).SelectMany(list => list.Entries).Select(entry => SigningCertificate.Read(entry.Data))];
            List<SigningCertificate> used = [];
            string? problem = boot.Certificates.Count == 0 ? "the boot file is not signed" : null;
            int vouched = 0;
            foreach (PeCertificate certificate in boot.Certificates)
            {
                problem ??= CheckSignature(certificate, boot, allowed, used, ref vouched);
            }

            problem ??= vouched == 0 ? "no certificate of the identity's db vouches for a signature" : null;
            report.Check("authenticode", problem, $"{boot.Certificates.Count} signatures over the boot file's SHA-256 or longer, {vouched} by a certificate of db: {string.Join(", ", used.Select(one => one.SubjectText).Distinct())}");
            if (problem is null)
            {
                CheckValidity(report, used, inputs.Statement.Released);
            }
        });
    }

    private static string? CheckSignature(PeCertificate certificate, PeImage boot, SigningCertificate[] allowed, List<SigningCertificate> used, ref int vouched)
    {
        if (certificate.Type != PkcsCertificate || certificate.Content.Length > LargestSignature)
        {
            return $"a certificate of type {certificate.Type} with {certificate.Content.Length} bytes is no Authenticode signature";
        }

        AuthenticodeSignature signature = AuthenticodeSignature.Read(certificate.Content.ToArray());
        if (signature.DigestAlgorithm == HashAlgorithmName.SHA1 || signature.SignerAlgorithms.Contains(HashAlgorithmName.SHA1))
        {
            return "a signature uses SHA-1";
        }

        byte[] digest = AuthenticodeDigest.Compute(boot, signature.DigestAlgorithm)[0];
        if (!signature.ImageDigest.Span.SequenceEqual(digest))
        {
            return "a signature is over another image: the boot file was changed after it was signed";
        }

        SigningCertificate? vouching = Array.Find(allowed, candidate => AuthenticodeVerifier.IsVouchedFor(signature, digest, candidate));
        if (vouching is not null)
        {
            vouched++;
            used.AddRange(AuthenticodeVerifier.CarriedChain(signature).TakeWhile(link => !link.Der.Span.SequenceEqual(vouching.Der.Span)));
            used.Add(vouching);
        }

        return null;
    }

    private static void CheckValidity(CheckReport report, List<SigningCertificate> certificates, DateTimeOffset released)
    {
        List<string> problems = [];
        foreach (SigningCertificate certificate in certificates)
        {
            Certificate parsed = Certificate.Read(certificate.Der);
            string name = certificate.SubjectText;
            try
            {
                VerificationKey.FromSubjectPublicKeyInfo(certificate.PublicKey);
            }
            catch (MalformedInputException e)
            {
                problems.Add($"{name}: {e.Problem}");
            }

            if (released < parsed.NotBefore || released > parsed.NotAfter)
            {
                problems.Add($"{name} is valid from {UtcTime.Text(parsed.NotBefore)} to {UtcTime.Text(parsed.NotAfter)}, not on {UtcTime.Text(released)}, when it was released");
            }

            if (certificate.SignatureAlgorithm == Sha1WithRsa && !certificate.IsSelfIssued)
            {
                problems.Add($"{name} is signed with SHA-1");
            }
        }

        report.Check("certificates", problems.Count == 0 ? null : string.Join("; ", problems), $"{certificates.Count} certificates, valid on {UtcTime.Text(released)}");
    }
}
