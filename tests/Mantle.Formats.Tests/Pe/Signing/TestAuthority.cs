using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mantle.Formats.Efi;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Pe.Signing;

/// <summary>A key made for one test, with its certificate.</summary>
internal sealed class TestAuthority : IDisposable
{
    private const string Sha256 = "2.16.840.1.101.3.4.2.1";
    private const string IndirectData = "1.3.6.1.4.1.311.2.1.4";

    private static readonly DateTimeOffset s_start = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly RSA _key;

    /// <summary>A root of its own, or a certificate that the issuer signs.</summary>
    public TestAuthority(string name, TestAuthority? issuer = null, bool isAuthority = true, int? pathLength = null, int bits = 2048, int years = 1)
    {
        _key = RSA.Create(bits);
        CertificateRequest request = new($"CN=TEST {name}", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, pathLength is not null, pathLength ?? 0, true));

        // Expired after one year, which firmware does not look at.
        DateTimeOffset end = s_start.AddYears(years);
        if (issuer is null)
        {
            Certificate = request.CreateSelfSigned(s_start, end);
        }
        else
        {
            X509SignatureGenerator generator = X509SignatureGenerator.CreateForRSA(issuer._key, RSASignaturePadding.Pkcs1);
            Certificate = request.Create(issuer.Certificate.SubjectName, generator, s_start, end, [1, 2, (byte)name.Length]);
        }
    }

    public static Guid Owner { get; } = new("77fa9abd-0359-4d32-bd60-28f4e78f784b");

    public X509Certificate2 Certificate { get; }

    public byte[] Der => Certificate.RawData;

    /// <summary>The certificate as a list of a signature database.</summary>
    public SignatureList List => SignatureList.OfCertificate(Owner, Der);

    /// <summary>Signs an image by sbsign; what it carries beside the signer's certificate is given.</summary>
    public byte[] SignBySbsign(byte[] image, params TestAuthority[] carried)
    {
        using TemporaryFolder folder = new();
        Write(folder, image);
        List<string> arguments = ["--key", folder["key.pem"], "--cert", folder["certificate.pem"], "--output", folder["signed.efi"]];
        foreach (TestAuthority other in carried)
        {
            File.WriteAllText(folder[other.Certificate.SerialNumber], other.Certificate.ExportCertificatePem());
            arguments.AddRange(["--addcert", folder[other.Certificate.SerialNumber]]);
        }

        Oracle.Succeed("sbsign", [.. arguments, folder["image.efi"]]);
        return File.ReadAllBytes(folder["signed.efi"]);
    }

    /// <summary>Signs an image by osslsigncode with a digest of choice.</summary>
    public byte[] SignByOsslsigncode(byte[] image, string digest)
    {
        using TemporaryFolder folder = new();
        Write(folder, image);
        Oracle.Succeed(
            "osslsigncode", "sign", "-h", digest, "-key", folder["key.pem"], "-certs", folder["certificate.pem"], "-in", folder["image.efi"], "-out", folder["signed.efi"]);
        return File.ReadAllBytes(folder["signed.efi"]);
    }

    /// <summary>An Authenticode signature over a SHA-256 digest, made without any tool, with the smallest contents that the format allows.</summary>
    public byte[] Sign(byte[] digest)
    {
        AsnWriter content = new(AsnEncodingRules.DER);
        using (content.PushSequence())
        {
            using (content.PushSequence())
            {
                content.WriteObjectIdentifier("1.3.6.1.4.1.311.2.1.15");
            }

            using (content.PushSequence())
            {
                WriteAlgorithm(content, Sha256);
                content.WriteOctetString(digest);
            }
        }

        byte[] indirectData = content.Encode();
        ReadOnlyMemory<byte> hashed = new AsnReader(indirectData, AsnEncodingRules.DER).PeekContentBytes();
        AsnWriter attributes = new(AsnEncodingRules.DER);
        using (attributes.PushSetOf())
        {
            WriteAttribute(attributes, "1.2.840.113549.1.9.3", value => value.WriteObjectIdentifier(IndirectData));
            WriteAttribute(attributes, "1.2.840.113549.1.9.4", value => value.WriteOctetString(SHA256.HashData(hashed.Span)));
        }

        byte[] signed = attributes.Encode();
        byte[] signature = _key.SignData(signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        byte[] implicitAttributes = [0xa0, .. signed[1..]];
        Asn1Tag zero = new(TagClass.ContextSpecific, 0);
        AsnWriter message = new(AsnEncodingRules.DER);
        using (message.PushSequence())
        {
            message.WriteObjectIdentifier("1.2.840.113549.1.7.2");
            using (message.PushSequence(zero))
            using (message.PushSequence())
            {
                message.WriteInteger(1);
                using (message.PushSetOf())
                {
                    WriteAlgorithm(message, Sha256);
                }

                using (message.PushSequence())
                {
                    message.WriteObjectIdentifier(IndirectData);
                    using (message.PushSequence(zero))
                    {
                        message.WriteEncodedValue(indirectData);
                    }
                }

                using (message.PushSetOf(zero))
                {
                    message.WriteEncodedValue(Der);
                }

                using (message.PushSetOf())
                using (message.PushSequence())
                {
                    message.WriteInteger(1);
                    using (message.PushSequence())
                    {
                        message.WriteEncodedValue(Certificate.IssuerName.RawData);
                        message.WriteInteger(Certificate.SerialNumberBytes.Span);
                    }

                    WriteAlgorithm(message, Sha256);
                    message.WriteEncodedValue(implicitAttributes);
                    WriteAlgorithm(message, "1.2.840.113549.1.1.1");
                    message.WriteOctetString(signature);
                }
            }
        }

        return message.Encode();
    }

    /// <summary>An RSASSA-PKCS1-v1_5 signature with SHA-256.</summary>
    public byte[] SignData(ReadOnlyMemory<byte> data) => _key.SignData(data.Span, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

    /// <summary>The key, for a tool that takes a file.</summary>
    public void WriteKey(string path) => File.WriteAllText(path, _key.ExportPkcs8PrivateKeyPem());

    /// <summary>Whether sbverify takes this certificate for one that vouches for the image.</summary>
    public bool SbverifyAccepts(byte[] image)
    {
        using TemporaryFolder folder = new();
        Write(folder, image);
        Oracle.Require("sbverify");
        return Oracle.Run("sbverify", ["--cert", folder["certificate.pem"], folder["image.efi"]]).ExitCode == 0;
    }

    public void Dispose()
    {
        _key.Dispose();
        Certificate.Dispose();
    }

    private static void WriteAlgorithm(AsnWriter writer, string identifier)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(identifier);
            writer.WriteNull();
        }
    }

    private static void WriteAttribute(AsnWriter writer, string identifier, Action<AsnWriter> write)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(identifier);
            using (writer.PushSetOf())
            {
                write(writer);
            }
        }
    }

    private void Write(TemporaryFolder folder, byte[] image)
    {
        File.WriteAllBytes(folder["image.efi"], image);
        File.WriteAllText(folder["key.pem"], _key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(folder["certificate.pem"], Certificate.ExportCertificatePem());
    }
}
