using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Mantle.Emulator.Imds;

using Mantle.Emulator.Kms.Keys;
using Mantle.Emulator.Kms.Recipient;
using Mantle.Emulator.Kms.Wire;
using Mantle.Testing;
using Mantle.Unseal.Tests.Sealing;

namespace Mantle.Unseal.Tests.Kms;

/// <summary>KMS, the way to it, and what it answers, going wrong.</summary>
public sealed class KmsChaosTests
{
    private const int Always = 99;

    /// <summary>Valid from two hours ago on.</summary>
    private static readonly NitroPki s_early = NitroPki.At(TimeProvider.System.GetUtcNow().AddHours(-2));

    private static readonly Dictionary<string, ChaosCase> s_cases = new()
    {
        ["slow beyond patience"] = new() { Stage = 0x61, Arrange = Impatient(new() { Delay = TimeSpan.FromMinutes(5), Times = Always }) },
        ["slow once"] = new() { Stage = 0, Arrange = Impatient(new() { Delay = TimeSpan.FromMinutes(5) }) },
        ["throttled"] = new()
        {
            Stage = 0x63,
            Arrange = Fault(KmsFault.Throttle("Decrypt", Always)),
            Check = (appliance, _) => Assert.Equal([500, 1000, 2000, 4000], appliance.Waits.Select(wait => wait.TotalMilliseconds)),
        },
        ["throttled twice"] = new() { Stage = 0, Arrange = Fault(KmsFault.Throttle("Decrypt", 2)) },
        ["fails inside"] = new() { Stage = 0x64, Arrange = Fault(KmsFault.Internal("Decrypt", Always)) },
        ["fails inside once"] = new() { Stage = 0, Arrange = Fault(KmsFault.Internal("Decrypt")) },
        ["cuts the connection"] = new() { Stage = 0x61, Arrange = Fault(new() { CutsBefore = true, Times = Always }) },
        ["cuts the connection once"] = new() { Stage = 0, Arrange = Fault(new() { CutsBefore = true }) },
        ["denies by the policy: another image"] = new() { Stage = 0x62, Setup = new() { IsOtherImage = true } },
        ["denies"] = new() { Stage = 0x62, Arrange = Fault(KmsFault.Denied("Decrypt", Always)) },
        ["the key is disabled"] = new() { Stage = 0x62, Arrange = appliance => appliance.Key.State = KeyState.Disabled },
        ["is nobody"] = new() { Stage = 0x61, Setup = Configured(kms => kms["endpoint"] = "https://127.0.0.1:1") },
        ["a name that does not resolve"] = new() { Stage = 0x61, Setup = Configured(kms => kms["endpoint"] = "https://kms.invalid") },
        ["another authority's certificate"] = new() { Stage = 0x61, Setup = new() { Certificate = _ => new TestCertificates("Test root of KMS").Issue() } },
        ["a certificate for another name"] = new() { Stage = 0x61, Setup = new() { Certificate = authority => authority.Issue("kms.elsewhere.example") } },
        ["a certificate that has expired"] = new() { Stage = 0x66, Setup = new() { Certificate = authority => authority.Issue(TimeSpan.FromDays(-2), TimeSpan.FromDays(-1)) } },
        ["a certificate from the future"] = new() { Stage = 0x66, Setup = new() { Certificate = authority => authority.Issue(TimeSpan.FromHours(1), TimeSpan.FromDays(1)) } },
        ["an hour ahead"] = new() { Stage = 0, Setup = new() { Kms = options => options with { Time = new Shifted(TimeSpan.FromHours(1)) } } },
        ["an hour behind"] = new()
        {
            Stage = 0,
            Setup = new()
            {
                Tpm = options => options with { Authority = s_early },
                Kms = options => options with { Time = new Shifted(TimeSpan.FromHours(-1)), AttestationRoots = [s_early.Root] },
            },
        },
        ["finds every signature too old"] = new()
        {
            Stage = 0x66, Arrange = Fault(KmsFault.Fails("Decrypt", "InvalidSignatureException", "Signature expired: 20200101T000000Z is now earlier than 20200101T000500Z", 400, Always)),
        },
        ["finds every signature wrong"] = new() { Stage = 0x62, Setup = new() { Metadata = options => options with { Credentials = WrongSecret(options) } } },
        ["finds the credentials expired"] = new() { Stage = 0x62, Arrange = appliance => appliance.Caller.Expires = DateTimeOffset.UnixEpoch },
        ["answers no JSON"] = new() { Stage = 0x65, Arrange = Fault(new() { Garbles = true, Times = Always }) },
        ["answers in plain"] = new() { Stage = 0x65, Arrange = Rewrite(answer => answer["Plaintext"] = Convert.ToBase64String(Encoding.ASCII.GetBytes(TestAppliance.Marker))) },
        ["answers nothing"] = new() { Stage = 0x65, Arrange = Rewrite(answer => answer.Remove("CiphertextForRecipient")) },
        ["answers noise"] = new() { Stage = 0x71, Arrange = Rewrite(answer => answer["CiphertextForRecipient"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(400))) },
        ["answers a truncated message"] = new() { Stage = 0x71, Arrange = Rewrite(answer => answer["CiphertextForRecipient"] = Convert.ToBase64String(Message(answer)[..^20])) },
        ["answers with bytes behind the message"] = new() { Stage = 0x71, Arrange = Rewrite(answer => answer["CiphertextForRecipient"] = Convert.ToBase64String([.. Message(answer), 0])) },
        ["answers to another key"] = new() { Stage = 0x71, Arrange = Rewrite(answer => answer["CiphertextForRecipient"] = Convert.ToBase64String(ToAnotherKey())) },
        ["answers with a short data key"] = new() { Stage = 0x73, Arrange = appliance => appliance.Image["/sealed/api-token"] = SealedWith(appliance, RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(16)) },
        ["answers with a wrong data key"] = new() { Stage = 0x72, Arrange = appliance => appliance.Image["/sealed/api-token"] = SealedWith(appliance, RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(32)) },
        ["sealed for another name"] = new() { Stage = 0x72, Arrange = appliance => appliance.Image["/sealed/api-token"] = appliance.SealFile("other", [1]) },
        ["sealed for another version"] = new()
        {
            Stage = 0x72,
            Setup = new()
            {
                Configuration = configuration =>
                {
                    configuration["unseal"]!["files"]![0]!["version"] = "2";
                    return configuration;
                },
            },
        },
        ["sealed for another kind"] = new()
        {
            Stage = 0x72,
            Arrange = appliance => appliance.Image["/sealed/api-token"] = Sealer.Key(appliance.Encrypt([1], TestAppliance.Context("volume", "api-token"))),
        },
    };

    public static TheoryData<string> Cases { get; } = [.. s_cases.Keys];

    /// <summary>Each case and the stage in which it ends.</summary>
    internal static IEnumerable<(string Name, int Stage)> Listed => s_cases.Select(each => (each.Key, (int)each.Value.Stage));

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Kms(string what) => s_cases[what].RunAsync();

    [Fact]
    public async Task A_volume_key_of_another_size_is_refused()
    {
        await using TestAppliance appliance = await TestAppliance.StartAsync();
        appliance.Blobs["weights"] = Sealer.Key(appliance.Encrypt(new byte[32], TestAppliance.Context("volume", "weights")));
        Outcome outcome = await appliance.RunAsync();
        Assert.Equal(0x73, outcome.LastStage);
        Assert.Empty(outcome.Keys);
    }

    [Fact]
    public async Task Credentials_that_expire_between_two_secrets_are_asked_for_again()
    {
        await using TestAppliance appliance = await TestAppliance.StartAsync();
        appliance.Kms.Faults.Add(KmsFault.Fails("Decrypt", "ExpiredTokenException", "The security token included in the request is expired") with { Skip = 1 });
        Outcome outcome = await appliance.RunAsync();
        Assert.True(outcome.IsDone);
        Assert.Equal(2, appliance.Metadata.Calls.Count(call => call.StartsWith("PUT", StringComparison.Ordinal)));
    }

    private static Action<TestAppliance> Fault(KmsFault fault) => appliance => appliance.Kms.Faults.Add(fault);

    private static Action<TestAppliance> Rewrite(Action<JsonObject> change) => Fault(new()
    {
        Rewrite = answer =>
        {
            change(answer);
            return answer;
        },
    });

    private static Action<TestAppliance> Impatient(KmsFault fault) => appliance =>
    {
        appliance.Environment = appliance.Environment with { Patience = settings => settings with { Timeout = TimeSpan.FromMilliseconds(1500), Retries = 1 } };
        appliance.Kms.Faults.Add(fault);
    };

    private static Setup Configured(Action<JsonNode> change) => new()
    {
        Configuration = configuration =>
        {
            change(configuration["unseal"]!["kms"]!);
            return configuration;
        },
    };

    private static Func<MetadataCredentials> WrongSecret(MetadataOptions options) => () => options.Credentials!() with { SecretAccessKey = "not-the-secret" };

    private static byte[] Message(JsonObject answer) => Convert.FromBase64String(answer["CiphertextForRecipient"]!.GetValue<string>());

    private static byte[] ToAnotherKey()
    {
        using RSA other = RSA.Create(2048);
        return RecipientEnvelope.Seal(other.ExportSubjectPublicKeyInfo(), new byte[32]);
    }

    private static byte[] SealedWith(TestAppliance appliance, byte[] dataKey, byte[] encrypted) =>
        Sealer.Content(appliance.Encrypt(encrypted, TestAppliance.Context("file", "api-token")), dataKey, Encoding.ASCII.GetBytes(TestAppliance.Marker));

    /// <summary>A clock that is off; KMS checks documents by it, too.</summary>
    private sealed class Shifted(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
