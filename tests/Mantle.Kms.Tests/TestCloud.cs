using System.Security.Cryptography;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using Mantle.Emulator.Kms;
using Mantle.Formats.Cose;
using Mantle.ImageBuilder.Binding;
using Mantle.Testing;

namespace Mantle.Kms.Tests;

/// <summary>An account, its people, and KMS.</summary>
public sealed class TestCloud : IAsyncDisposable
{
    public const string Account = "111122223333";
    public const string Region = "eu-central-1";
    public const string Custodian = $"arn:aws:iam::{Account}:role/mantle-key-custodian";
    public const string Appliance = $"arn:aws:iam::{Account}:role/mantle-appliance";
    public const string Provisioner = $"arn:aws:iam::{Account}:role/mantle-provisioner";
    public const string OutsideRole = "arn:aws:iam::444455556666:role/visitor";

    private readonly List<AmazonKeyManagementServiceClient> _clients = [];

    private TestCloud(KmsEndpoint endpoint, NitroPki pki, List<KmsCaller> callers)
    {
        Endpoint = endpoint;
        Callers = callers;
        Pki = pki;
    }

    public static KmsCaller Administrator { get; } = KmsCaller.Administrator($"arn:aws:iam::{Account}:role/administrator");

    public static KmsCaller CustodianCaller { get; } = new(Custodian, """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kms:CreateKey","kms:ListKeys","kms:ListAliases","kms:CreateAlias","kms:UpdateAlias"],"Resource":"*"}]}""");

    public static KmsCaller ApplianceCaller { get; } = new(Appliance, """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:GenerateRandom","Resource":"*"}]}""") { SessionToken = "a-token" };

    public static KmsCaller ProvisionerCaller { get; } = new(Provisioner);

    public static KmsCaller Visitor { get; } = KmsCaller.Administrator(OutsideRole);

    public KmsEndpoint Endpoint { get; }

    /// <summary>Whose requests the endpoint knows.</summary>
    public List<KmsCaller> Callers { get; }

    public KmsService Service => Endpoint.Service;

    /// <summary>Who signs attestation documents here.</summary>
    public NitroPki Pki { get; }

    public static async Task<TestCloud> StartAsync(TimeProvider? time = null)
    {
        DateTimeOffset now = (time ?? TimeProvider.System).GetUtcNow();
        NitroPki pki = NitroPki.At(now);
        List<KmsCaller> callers = [Administrator, CustodianCaller, ApplianceCaller, ProvisionerCaller, Visitor];
        return new(
            await KmsEndpoint.StartAsync(new()
            {
                Callers = callers,
                AttestationRoots = [pki.Root],
                Time = time ?? TimeProvider.System,
            }),
            pki,
            callers);
    }

    /// <summary>AWS's own client, which tries once.</summary>
    public AmazonKeyManagementServiceClient ClientOf(KmsCaller caller, string region = Region, string? secret = null)
    {
        AWSCredentials credentials = caller.SessionToken is null
            ? new BasicAWSCredentials(caller.AccessKeyId, secret ?? caller.SecretKey)
            : new SessionAWSCredentials(caller.AccessKeyId, secret ?? caller.SecretKey, caller.SessionToken);
        AmazonKeyManagementServiceClient client = new KeyService.OneTry(credentials, new()
        {
            ServiceURL = Endpoint.Url,
            AuthenticationRegion = region,
            UseHttp = true,
            HttpClientFactory = new KeyService.OneConnectionEach(),
        });
        _clients.Add(client);
        return client;
    }

    /// <summary>The recipient of an instance that measured these registers.</summary>
    public RecipientInfo Attest(RSA key, params (int Pcr, string Hex)[] pcrs) => new()
    {
        AttestationDocument = new(Document(key.ExportSubjectPublicKeyInfo(), Pki, pcrs)),
        KeyEncryptionAlgorithm = KeyEncryptionMechanism.RSAES_OAEP_SHA_256,
    };

    public byte[] Document(byte[]? publicKey, NitroPki signer, params (int Pcr, string Hex)[] pcrs)
    {
        SortedDictionary<int, ReadOnlyMemory<byte>> all = new(Enumerable.Range(0, 24).ToDictionary(i => i, _ => (ReadOnlyMemory<byte>)new byte[48]));
        foreach ((int pcr, string hex) in pcrs)
        {
            all[pcr] = Convert.FromHexString(hex);
        }

        AttestationDocument document = new()
        {
            Kind = AttestationKind.NitroTpm,
            ModuleId = signer.Module,
            TimestampMilliseconds = (ulong)TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(),
            Pcrs = all,
            Certificate = signer.LeafCertificate,
            CaBundle = signer.Bundle,
            PublicKey = publicKey is null ? default(ReadOnlyMemory<byte>?) : publicKey,
        };
        return AttestationDocumentWriter.Write(document, signer.Sign);
    }

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        await Endpoint.DisposeAsync();
    }
}
