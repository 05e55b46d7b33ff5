using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Mantle.Emulator.Imds;
using Mantle.Emulator.Kms;
using Mantle.Emulator.Kms.Keys;
using Mantle.Emulator.Tpm.Nitro;
using Mantle.Formats.Tpm;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Generation;
using Mantle.Measure.KeyPolicy.Plans;
using Mantle.Testing;
using Mantle.Unseal.Control;
using Mantle.Unseal.Tests.Sealing;
using Mantle.Unseal.Tests.Tpm;

namespace Mantle.Unseal.Tests;

/// <summary>What a test may have otherwise.</summary>
internal sealed record Setup
{
    public Func<NitroTpmOptions, NitroTpmOptions> Tpm { get; init; } = options => options;

    public Func<MetadataOptions, MetadataOptions> Metadata { get; init; } = options => options;

    public Func<KmsOptions, KmsOptions> Kms { get; init; } = options => options;

    public Func<JsonObject, JsonObject> Configuration { get; init; } = configuration => configuration;

    /// <summary>The registers to which the key is bound differ from those of the machine.</summary>
    public bool IsOtherImage { get; init; }

    /// <summary>KMS's certificate, made by the authority that the image trusts.</summary>
    public Func<TestCertificates, X509Certificate2> Certificate { get; init; } = authority => authority.Issue();
}

/// <summary>An appliance around the whole program: swtpm with NitroTPM, KMS with a generated key policy behind TLS, metadata service, process 1's side of the channel.</summary>
internal sealed class TestAppliance : IAsyncDisposable
{
    public const string Name = "sample";
    public const string Marker = "MARKER-7f3a91-secret";

    private const string Account = "111122223333", Region = "eu-central-1";
    private const string Role = $"arn:aws:iam::{Account}:role/mantle-appliance";
    private const string Custodian = $"arn:aws:iam::{Account}:role/mantle-key-custodian";

    private readonly TemporaryFolder _folder = new();

    private TestAppliance(TestTpm tpm, KmsEndpoint kms, MetadataEndpoint metadata, KmsCaller caller, KmsKey key, TestCertificates certificates, Setup setup)
    {
        Tpm = tpm;
        Kms = kms;
        Metadata = metadata;
        Caller = caller;
        Key = key;
        Image["/etc/ssl/roots.pem"] = Encoding.ASCII.GetBytes(certificates.Pem);
        Image["/sealed/api-token"] = SealFile("api-token", Encoding.ASCII.GetBytes(Marker));
        Image["/sealed/large"] = SealFile("large", LargeFile);
        Blobs["weights"] = [.. Sealer.Key(Encrypt(VolumeKey, Context("volume", "weights"))), .. new byte[512]];
        Image["/etc/mantle/appliance.json"] = Encoding.UTF8.GetBytes(setup.Configuration(Configuration()).ToJsonString());
        Environment = new()
        {
            ReadFile = path => Image.TryGetValue(path, out byte[]? content) ? content : throw new FileNotFoundException(path),
            OpenTpm = Tpm.Open,
            BrokerPath = BrokerPath,
            Metadata = new(metadata.Url),
            MetadataTimeout = TimeSpan.FromSeconds(2),
            Patience = settings => settings with { Timeout = TimeSpan.FromSeconds(3) },
            Delay = (time, _) =>
            {
                Waits.Add(time);
                return Task.CompletedTask;
            },
            Limit = TimeSpan.FromSeconds(60),
        };
    }

    public TestTpm Tpm { get; }

    public KmsEndpoint Kms { get; }

    public MetadataEndpoint Metadata { get; }

    public KmsCaller Caller { get; }

    public KmsKey Key { get; }

    public string BrokerPath => _folder["socket"];

    public Dictionary<string, byte[]> Image { get; } = [];

    public Dictionary<string, byte[]> Blobs { get; } = [];

    public byte[] VolumeKey { get; } = [.. Encoding.ASCII.GetBytes(Marker), .. RandomNumberGenerator.GetBytes(44)];

    public byte[] LargeFile { get; } = RandomNumberGenerator.GetBytes(100_000);

    public List<TimeSpan> Waits { get; } = [];

    public UnsealEnvironment Environment { get; set; }

    public static async Task<TestAppliance> StartAsync(Setup? given = null)
    {
        Setup setup = given ?? new();
        TestTpm tpm = new(setup.Tpm);
        tpm.Local.Extend(4, SHA384.HashData("kernel"u8));
        tpm.Local.Extend(7, SHA384.HashData("keys"u8));
        KmsCaller caller = new(Role) { SessionToken = "a-token-of-the-role" };
        TestCertificates certificates = new("Test root of KMS");
        KmsEndpoint kms = await KmsEndpoint.StartAsync(setup.Kms(new()
        {
            Callers = [caller], AttestationRoots = [TestTpm.Authority.Root], Certificate = setup.Certificate(certificates),
        }));
        MetadataEndpoint metadata = await MetadataEndpoint.StartAsync(setup.Metadata(new()
        {
            Credentials = () => new(caller.AccessKeyId, caller.SecretKey, caller.SessionToken!, DateTimeOffset.MaxValue.AddDays(-1)),
        }));
        KmsKey key = kms.Service.Import(KeyMaterial.Create("SYMMETRIC_DEFAULT"), Account, Region, """{"Statement":[]}""", "ENCRYPT_DECRYPT");
        key.SetPolicy(Policy(tpm.Local.ReadPcrs(), key, setup.IsOtherImage));
        return new(tpm, kms, metadata, caller, key, certificates, setup);
    }

    public static Dictionary<string, string> Context(string kind, string name, string version = "1") =>
        new() { ["mantle:appliance"] = Name, ["mantle:kind"] = kind, ["mantle:name"] = name, ["mantle:version"] = version };

    public byte[] Encrypt(byte[] dataKey, Dictionary<string, string> context) => Key.Material.Encrypt(Key.Id, dataKey, context);

    public byte[] SealFile(string name, byte[] content)
    {
        byte[] dataKey = RandomNumberGenerator.GetBytes(32);
        return Sealer.Content(Encrypt(dataKey, Context("file", name)), dataKey, content);
    }

    /// <summary>Runs the program as process 1 does, up to its end.</summary>
    /// <param name="whileRunning">What happens once everything is delivered.</param>
    /// <param name="go">The message after the sealed keys.</param>
    public async Task<Outcome> RunAsync(Action<Outcome>? whileRunning = null, string go = "G")
    {
        Outcome outcome = new();
        using Pair pair = new();
        Task program = Task.Run(() =>
        {
            outcome.ExitCode = UnsealProgram.Run(new ControlChannel(pair.Program), Environment);
            pair.CloseProgram();
        });
        Task init = Task.Run(() =>
        {
            foreach ((string name, byte[] blob) in Blobs)
            {
                Kernel.Socket.Send(pair.Init, [(byte)'B', (byte)name.Length, .. Encoding.ASCII.GetBytes(name), .. blob]);
            }

            Kernel.Socket.Send(pair.Init, Encoding.ASCII.GetBytes(go));
            byte[] buffer = new byte[1 << 16];
            while (Kernel.Socket.Receive(pair.Init, buffer) is int length and > 0)
            {
                outcome.Hear(buffer.AsSpan(0, length));
                if (outcome.IsDone)
                {
                    whileRunning?.Invoke(outcome);
                    pair.CloseInit();
                    break;
                }
            }
        });
        await Task.WhenAll(init, program).WaitAsync(TimeSpan.FromSeconds(120));
        return outcome;
    }

    public async ValueTask DisposeAsync()
    {
        await Kms.DisposeAsync();
        await Metadata.DisposeAsync();
        Tpm.Dispose();
        _folder.Dispose();
    }

    private JsonObject Configuration() => new()
    {
        ["version"] = 1,
        ["name"] = Name,
        ["service"] = new JsonObject { ["user_id"] = UserId() },
        ["unseal"] = new JsonObject
        {
            ["exec"] = "/usr/bin/unseal",
            ["attempts"] = 5,
            ["kms"] = new JsonObject { ["region"] = Region, ["endpoint"] = Kms.Url, ["certificates"] = "/etc/ssl/roots.pem" },
            ["files"] = new JsonArray(
                new JsonObject { ["name"] = "api-token", ["source"] = "/sealed/api-token", ["version"] = "1" },
                new JsonObject { ["name"] = "large", ["source"] = "/sealed/large", ["version"] = "1" }),
            ["volumes"] = new JsonArray(
                new JsonObject { ["name"] = "weights", ["root_hash"] = new string('a', 64), ["version"] = "1", ["encrypted"] = true },
                new JsonObject { ["name"] = "plain", ["root_hash"] = new string('b', 64), ["version"] = "1", ["encrypted"] = false }),
        },
    };

    /// <summary>Who runs the test stands in for the service; root's number is no service's, so it is replaced.</summary>
    private static uint UserId() => Math.Max(1, uint.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1]));

    private static string Policy(PcrValues registers, KmsKey key, bool isOtherImage)
    {
        Dictionary<int, string> values = AttestedPcrs.Bound.ToDictionary(register => register, register => registers[TpmAlgorithm.Sha384, register].ToString());
        if (isOtherImage)
        {
            values[4] = Convert.ToHexStringLower(SHA384.HashData("another kernel"u8));
        }

        return PolicyWriter.Write(KeyPolicyGenerator.Generate(new()
        {
            Key = new("aws", Region, Account, key.Id),
            Phase = PlanPhase.Final,
            DeletionWindow = 30,
            Principals = [Role],
            Operations = ["kms:Decrypt"],
            Administrators = [new(Custodian, [AdministratorRight.ReplacePolicy])],
            Generations = [new() { Name = "1.0", State = GenerationState.Current, Pcrs = new() { Name = "1.0", Values = values } }],
        }).Policy);
    }
}
