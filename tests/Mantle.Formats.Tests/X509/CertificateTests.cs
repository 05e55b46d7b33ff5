using System.Security.Cryptography.X509Certificates;
using Mantle.Formats.Bytes;
using Mantle.Formats.X509;
using Mantle.Testing;

namespace Mantle.Formats.Tests.X509;

public class CertificateTests
{
    private static readonly NitroPki s_pki = new();

    [Fact]
    public void A_certificate_is_read_as_the_platform_reads_it()
    {
        for (int i = 0; i < s_pki.Certificates.Count; i++)
        {
            Certificate read = Certificate.Read(s_pki.Certificates[i]);
            using X509Certificate2 platform = X509CertificateLoader.LoadCertificate(s_pki.Certificates[i]);

            Assert.Equal(platform.Version, read.Version);
            Assert.Equal(platform.SubjectName.RawData, read.Subject.ToArray());
            Assert.Equal(platform.IssuerName.RawData, read.Issuer.ToArray());
            Assert.Equal(platform.NotBefore.ToUniversalTime(), read.NotBefore.UtcDateTime);
            Assert.Equal(platform.NotAfter.ToUniversalTime(), read.NotAfter.UtcDateTime);
            Assert.Equal(platform.SignatureAlgorithm.Value, read.SignatureAlgorithm);
            Assert.Equal(read.SignatureAlgorithm, read.OuterSignatureAlgorithm);
            Assert.Equal(platform.PublicKey.ExportSubjectPublicKeyInfo(), read.PublicKey.ToArray());
            Assert.Equal(Certificate.CurveP384, read.KeyCurve);
            Assert.Equal(platform.SerialNumberBytes.ToArray(), read.SerialNumber.ToArray());
            Assert.Equal(platform.GetNameInfo(X509NameType.SimpleName, forIssuer: false), read.SubjectCommonName);
            Assert.Equal(platform.Extensions.Select(e => (e.Oid!.Value, e.Critical)), read.Extensions.Select(e => ((string?)e.Identifier, e.IsCritical)));
            X509BasicConstraintsExtension constraints = platform.Extensions.OfType<X509BasicConstraintsExtension>().Single();
            Assert.Equal(new BasicConstraints(constraints.CertificateAuthority, constraints.HasPathLengthConstraint ? constraints.PathLengthConstraint : null), read.BasicConstraints);
            Assert.Equal(platform.Extensions.OfType<X509SubjectKeyIdentifierExtension>().SingleOrDefault()?.SubjectKeyIdentifierBytes.ToArray(), read.SubjectKeyIdentifier?.ToArray());
        }

        Assert.Equal(KeyUsages.KeyCertSign, Certificate.Read(s_pki.Certificates[3]).KeyUsage);
        Assert.Equal(KeyUsages.DigitalSignature | KeyUsages.NonRepudiation, Certificate.Read(s_pki.LeafCertificate).KeyUsage);
        Assert.Equal(KeyUsages.DigitalSignature | KeyUsages.KeyCertSign | KeyUsages.CrlSign, Certificate.Read(s_pki.Root).KeyUsage);
    }

    [Fact]
    public void The_root_of_AWS_is_read()
    {
        Certificate root = Certificate.Read(X509CertificateLoader.LoadCertificateFromFile(Repository.SharedVector("nitro/aws-nitro-root-g1.pem")).RawData);
        Assert.Equal("aws.nitro-enclaves", root.SubjectCommonName);
        Assert.Equal(new DateTime(2049, 10, 28, 14, 28, 5), root.NotAfter.UtcDateTime);
    }

    [Fact]
    public void Cut_and_lengthened_certificates_are_refused()
    {
        byte[] leaf = s_pki.LeafCertificate;
        for (int length = 0; length < leaf.Length; length++)
        {
            Assert.Throws<MalformedInputException>(() => Certificate.Read(leaf.AsMemory(0, length)));
        }

        Assert.Throws<MalformedInputException>(() => Certificate.Read((byte[])[.. leaf, 0]));
        Assert.Throws<MalformedInputException>(() => Certificate.Read(new byte[1 << 17]));
    }

    [Fact]
    public void An_extension_that_is_there_twice_is_refused()
    {
        // The platform would not write it twice: make another extension's identifier that of key usage.
        byte[] certificate = (byte[])s_pki.Certificates[1].Clone();
        int constraints = certificate.AsSpan().IndexOf((byte[])[0x55, 0x1d, 19]);
        certificate[constraints + 2] = 15;
        Assert.Throws<MalformedInputException>(() => Certificate.Read(certificate));
    }
}
