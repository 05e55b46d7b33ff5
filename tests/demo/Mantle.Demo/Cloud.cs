using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mantle.Emulator.Imds;
using Mantle.Emulator.Kms;
using Mantle.Emulator.Tpm.Nitro;
using Mantle.Testing;

namespace Mantle.Demo;

/// <summary>An account on this machine's loopback: its people, KMS, the metadata service, and the authority behind NitroTPM's certificates.</summary>
internal sealed class Cloud : IAsyncDisposable
{
    public const string Account = "111122223333";
    public const string Region = "eu-central-1";
    public const string Custodian = $"arn:aws:iam::{Account}:role/mantle-key-custodian";
    public const string Provisioner = $"arn:aws:iam::{Account}:role/mantle-provisioner";
    public const string Appliance = $"arn:aws:iam::{Account}:role/mantle-appliance";

    /// <summary>Where the guest finds KMS; its hosts file says so.</summary>
    public const string KeyServiceAddress = "169.254.169.250";

    private readonly NitroPki _authority;
    private readonly MetadataEndpoint _metadata;
    private readonly string _rootFile;

    private Cloud(KmsEndpoint keys, MetadataEndpoint metadata, NitroPki authority, string rootFile)
    {
        Keys = keys;
        _metadata = metadata;
        _authority = authority;
        _rootFile = rootFile;
    }

    /// <summary>KMS.</summary>
    public KmsEndpoint Keys { get; }

    /// <summary>The port of KMS on 127.0.0.1.</summary>
    public int KeyServicePort => new Uri(Keys.Url).Port;

    /// <summary>The port of the metadata service on 127.0.0.1.</summary>
    public int MetadataPort => new Uri(_metadata.Url).Port;

    /// <summary>What the metadata service was asked.</summary>
    public IReadOnlyList<string> MetadataCalls => _metadata.Calls;

    /// <summary>When each of these questions came.</summary>
    public IReadOnlyList<DateTimeOffset> MetadataTimes => _metadata.CallTimes;

    /// <summary>The root of attestation documents, DER.</summary>
    public byte[] AttestationRoot => _authority.Root;

    /// <summary>What was encrypted under the key: data keys.</summary>
    public IReadOnlyList<byte[]> Secrets => Keys.Service.EncryptedPlaintexts;

    private static KmsCaller CustodianCaller { get; } = new(
        Custodian, """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kms:CreateKey","kms:ListKeys","kms:ListAliases"],"Resource":"*"}]}""");

    private static KmsCaller ProvisionerCaller { get; } = new(Provisioner);

    private static KmsCaller ApplianceCaller { get; } = new(Appliance) { SessionToken = "session-of-the-instance" };

    /// <summary>Starts the account; writes KMS's root certificate (PEM) to a file for those who have to trust it.</summary>
    public static async Task<Cloud> StartAsync(string rootFile)
    {
        NitroPki authority = NitroPki.At(TimeProvider.System.GetUtcNow());
        using ECDsa rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256), key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 root = MakeRoot(rootKey);
        X509Certificate2 certificate = Issue(root, key);
        await File.WriteAllTextAsync(rootFile, root.ExportCertificatePem() + "\n");
        KmsEndpoint keys = await KmsEndpoint.StartAsync(new()
        {
            Callers = [CustodianCaller, ProvisionerCaller, ApplianceCaller],
            AttestationRoots = [authority.Root],
            Certificate = certificate,
        });
        MetadataEndpoint metadata = await MetadataEndpoint.StartAsync(new()
        {
            Region = Region,
            Account = Account,
            Credentials = () => new(ApplianceCaller.AccessKeyId, ApplianceCaller.SecretKey, ApplianceCaller.SessionToken!, TimeProvider.System.GetUtcNow().AddHours(6)),
        });
        return new(keys, metadata, authority, rootFile);
    }

    /// <summary>A NitroTPM of this account.</summary>
    public NitroTpm MakeTpm() => new(new() { Authority = _authority });

    /// <summary>The environment in which the custodian of the key works.</summary>
    public IReadOnlyDictionary<string, string> AsCustodian() => Credentials(CustodianCaller);

    /// <summary>The environment in which the provisioner of the weights works.</summary>
    public IReadOnlyDictionary<string, string> AsProvisioner() => Credentials(ProvisionerCaller);

    public async ValueTask DisposeAsync()
    {
        await Keys.DisposeAsync();
        await _metadata.DisposeAsync();
    }

    private Dictionary<string, string> Credentials(KmsCaller caller) => new()
    {
        ["AWS_ACCESS_KEY_ID"] = caller.AccessKeyId,
        ["AWS_SECRET_ACCESS_KEY"] = caller.SecretKey,
        ["AWS_REGION"] = Region,
        ["AWS_ENDPOINT_URL_KMS"] = $"https://localhost:{KeyServicePort}",
        ["SSL_CERT_FILE"] = _rootFile,
    };

    private static X509Certificate2 MakeRoot(ECDsa key)
    {
        CertificateRequest request = new("CN=demonstration root", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
    }

    private static X509Certificate2 Issue(X509Certificate2 root, ECDsa key)
    {
        CertificateRequest request = new($"CN={Texts.KeyServiceName}", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName(Texts.KeyServiceName);
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 bare = request.Create(root, now.AddHours(-2), now.AddDays(20), RandomNumberGenerator.GetBytes(8));
        return bare.CopyWithPrivateKey(key);
    }
}
