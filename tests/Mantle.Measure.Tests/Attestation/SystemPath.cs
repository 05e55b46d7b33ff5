using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mantle.Formats.X509;
using Mantle.Measure.Attestation;

namespace Mantle.Measure.Tests.Attestation;

/// <summary>
/// The platform's path validation, with the chain's root as the only trust, no network, no revocation. The product does without it: on Linux it reads every root of the
/// machine's store first, which takes longer than all our own checks and is none of their business. Here it is the other opinion.
/// </summary>
internal static class SystemPath
{
    /// <summary>What the platform objects to, or null for nothing.</summary>
    public static string? FindProblem(IReadOnlyList<Certificate> path, DateTimeOffset at)
    {
        List<X509Certificate2> certificates = [];
        using X509Chain chain = new();
        try
        {
            certificates.AddRange(path.Select(certificate => X509CertificateLoader.LoadCertificate(certificate.Bytes.Span)));
            X509ChainPolicy policy = chain.ChainPolicy;
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.Add(certificates[0]);
            policy.ExtraStore.AddRange(certificates.ToArray()[1..^1]);
            policy.RevocationMode = X509RevocationMode.NoCheck;
            policy.DisableCertificateDownloads = true;
            policy.VerificationTimeIgnored = false;
            policy.VerificationTime = Tolerated(path, at).UtcDateTime;
            if (!chain.Build(certificates[^1]))
            {
                return string.Join(", ", chain.ChainStatus.Select(status => status.Status));
            }

            IEnumerable<byte[]> built = chain.ChainElements.Select(element => element.Certificate.RawData).Reverse();
            return built.Zip(path, (a, b) => a.AsSpan().SequenceEqual(b.Bytes.Span)).All(same => same) && chain.ChainElements.Count == path.Count
                ? null
                : "another chain leads to the root";
        }
        catch (CryptographicException)
        {
            return "a certificate is refused";
        }
        finally
        {
            certificates.ForEach(certificate => certificate.Dispose());
        }
    }

    /// <summary>The time of the check, moved up to the start of a certificate that is only just not valid yet.</summary>
    private static DateTimeOffset Tolerated(IReadOnlyList<Certificate> path, DateTimeOffset at)
    {
        DateTimeOffset start = path.Max(certificate => certificate.NotBefore);
        return at < start && start - at <= AttestationPolicy.ClockTolerance ? start : at;
    }
}
