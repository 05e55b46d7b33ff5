using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mantle.Service;

/// <summary>
/// A self-signed certificate whose key is made here, at start, and lives in memory only.
/// References: RFC 5280 (profile), RFC 5480 (P-256). It proves nothing by itself: a client pins it or asks for attestation.
/// </summary>
internal static class ServerCertificate
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>Makes a key and its certificate, valid from a day before now (clients' clocks differ) for ten years.</summary>
    public static X509Certificate2 Create(TimeProvider time)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=mantle appliance", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("appliance.mantle.internal");
        request.CertificateExtensions.Add(names.Build());

        DateTimeOffset now = time.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddYears(10));
    }
}
