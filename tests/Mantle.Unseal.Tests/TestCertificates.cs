using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mantle.Unseal.Tests;

/// <summary>A certificate authority of one run, for KMS's TLS.</summary>
internal sealed class TestCertificates
{
    private readonly X509Certificate2 _root;

    public TestCertificates(string name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        _root = request.CreateSelfSigned(now.AddDays(-30), now.AddDays(30));
    }

    public string Pem => _root.ExportCertificatePem();

    public X509Certificate2 Issue(TimeSpan from, TimeSpan to, string? host = null)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=kms", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        if (host is null)
        {
            names.AddIpAddress(IPAddress.Loopback);
        }
        else
        {
            names.AddDnsName(host);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1")], false));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = request.Create(_root, now + from, now + to, RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }

    public X509Certificate2 Issue(string? host = null) => Issue(TimeSpan.FromDays(-1), TimeSpan.FromDays(1), host);
}
