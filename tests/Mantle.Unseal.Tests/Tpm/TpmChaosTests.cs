using System.Security.Cryptography;
using Mantle.Emulator.Tpm.Nitro;
using Mantle.Testing;
using Mantle.Unseal.Tpm;

namespace Mantle.Unseal.Tests.Tpm;

/// <summary>The TPM going wrong.</summary>
public sealed class TpmChaosTests
{
    private const int Always = 9999;

    private static readonly Dictionary<string, ChaosCase> s_cases = new()
    {
        ["is busy for a while"] = new()
        {
            Stage = 0, Arrange = Fault(NitroTpmFault.Busy(null, 5)), Check = (appliance, _) => Assert.Equal([20, 40, 80, 160, 320], appliance.Waits.Select(wait => wait.TotalMilliseconds)),
        },
        ["is busy for ever"] = new() { Stage = 0x41, Arrange = Fault(NitroTpmFault.Busy(null, Always)) },
        ["yields"] = new() { Stage = 0, Arrange = Fault(NitroTpmFault.Fails(NitroCommand.NvWrite, NitroCode.Yielded, 2)) },
        ["fails at the definition"] = new() { Stage = 0x42, Arrange = Fault(NitroTpmFault.Fails(NitroCommand.NvDefineSpace)) },
        ["fails at the write"] = new() { Stage = 0x42, Arrange = Fault(NitroTpmFault.Fails(NitroCommand.NvWrite)), Check = IsTidy },
        ["fails at the request"] = new() { Stage = 0x42, Arrange = Fault(NitroTpmFault.Fails(NitroCommand.NsmRequest)), Check = IsTidy },
        ["fails at a read in the middle"] = new() { Stage = 0x42, Arrange = Fault(NitroTpmFault.Fails(NitroCommand.NvRead) with { Skip = 3 }), Check = IsTidy },
        ["fails to forget the index"] = new() { Stage = 0, Arrange = Fault(NitroTpmFault.Fails(NitroCommand.NvUndefineSpace)), Check = (appliance, _) => Assert.Equal([NitroIndex.Handle], appliance.Tpm.Nitro.Held) },
        ["defines, and says that it has not"] = new() { Stage = 0x42, Arrange = Fault(NitroTpmFault.Fails(NitroCommand.NvDefineSpace) with { IsAfter = true }) },
        ["is no NitroTPM"] = new() { Stage = 0x42, Arrange = Fault(NitroTpmFault.Fails(NitroCommand.NsmRequest, 0x143)) },
        ["answers less than a header"] = new() { Stage = 0x43, Arrange = Rewrite(NitroCommand.NvWrite, response => response[..7]) },
        ["answers nothing"] = new() { Stage = 0x43, Arrange = Rewrite(NitroCommand.NvRead, _ => []) },
        ["answers fewer bytes than it says"] = new() { Stage = 0x43, Arrange = Rewrite(NitroCommand.NvRead, response => response[..^1]) },
        ["answers other bytes than were asked for"] = new() { Stage = 0x43, Arrange = Rewrite(NitroCommand.NvRead, response => [0x80, 0x02, 0, 0, 0, 18, 0, 0, 0, 0, 0, 0, 0, 4, 0, 2, 1, 2]) },
        ["gives an error in the index"] = new() { Stage = 0x43, Setup = Options(options => options with { RewriteAnswer = _ => [0xa1, 0x65, .. "Error"u8, 0x6d, .. "InvalidArgument"u8[..13]] }) },
        ["gives noise in the index"] = new() { Stage = 0x43, Setup = Options(options => options with { RewriteAnswer = _ => RandomNumberGenerator.GetBytes(5000) }) },
        ["gives half a document"] = new() { Stage = 0x62, Setup = Options(options => options with { RewriteAnswer = answer => [.. answer[..3000], .. new byte[5192]] }) },
        ["gives a document that nobody trusts"] = new() { Stage = 0x62, Setup = Options(options => options with { Authority = NitroPki.At(TimeProvider.System.GetUtcNow()) }) },
        ["gives a document for another key"] = new() { Stage = 0x71, Setup = Options(options => options with { RewriteContent = content => content with { PublicKey = AnotherKey() } }) },
        ["gives a document without a key"] = new() { Stage = 0x62, Setup = Options(options => options with { RewriteContent = content => content with { PublicKey = null } }) },
        ["gives a changed document"] = new() { Stage = 0x62, Setup = Options(options => options with { RewriteDocument = Flip }) },
        ["has other registers in the document"] = new()
        {
            Stage = 0x62,
            Setup = Options(options => options with { RewriteContent = content => content with { Pcrs = new Dictionary<int, ReadOnlyMemory<byte>>(content.Pcrs) { [12] = SHA384.HashData([1]) } } }),
        },
        ["is not there"] = new() { Stage = 0x40, Arrange = Opens(() => throw new UnsealException(Stage.Tpm)) },
        ["is another program's"] = new() { Stage = 0x41, Arrange = Opens(() => throw new UnsealException(Stage.TpmBusy)) },
        ["fails to be written to"] = new() { Stage = 0x40, Arrange = Opens(() => new Broken()) },
        ["never answers"] = new()
        {
            Stage = 0x41,
            Arrange = appliance => appliance.Environment = appliance.Environment with { OpenTpm = () => new Hanging(), Limit = TimeSpan.FromSeconds(2) },
        },
        ["wants sessions and fails within them"] = new()
        {
            Stage = 0x42, Setup = Options(options => options with { Sessions = NitroSessions.HmacOnly }), Arrange = Fault(NitroTpmFault.Fails(NitroCommand.NsmRequest)), Check = IsTidy,
        },
        ["wants sessions and answers one with a wrong HMAC"] = new()
        {
            Stage = 0x43,
            Setup = Options(options => options with { Sessions = NitroSessions.HmacOnly }),
            Arrange = Rewrite(NitroCommand.NvRead, response => [.. response[..^1], (byte)(response[^1] ^ 1)]),
        },
        ["wants sessions and changes what they protect"] = new()
        {
            Stage = 0x43,
            Setup = Options(options => options with { Sessions = NitroSessions.HmacOnly }),
            Arrange = Rewrite(NitroCommand.NvRead, response => [.. response[..100], (byte)(response[100] ^ 1), .. response[101..]]),
        },
        ["wants sessions and gives no key"] = new()
        {
            Stage = 0x42, Setup = Options(options => options with { Sessions = NitroSessions.HmacOnly }), Arrange = Fault(NitroTpmFault.Fails(NitroCommand.CreatePrimary)),
        },
        ["wants sessions and gives another key"] = new()
        {
            Stage = 0x43, Setup = Options(options => options with { Sessions = NitroSessions.HmacOnly }), Arrange = Rewrite(NitroCommand.CreatePrimary, response => [.. response[..30], 9, .. response[31..]]),
        },
    };

    public static TheoryData<string> Cases { get; } = [.. s_cases.Keys];

    /// <summary>Each case and the stage in which it ends.</summary>
    internal static IEnumerable<(string Name, int Stage)> Listed => s_cases.Select(each => (each.Key, (int)each.Value.Stage));

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Tpm(string what) => s_cases[what].RunAsync();

    [Fact]
    public void What_a_failure_leaves_behind_is_gone_after_the_next_success()
    {
        foreach (NitroSessions sessions in Enum.GetValues<NitroSessions>())
        {
            using TestTpm tpm = new(options => options with { Sessions = sessions });
            tpm.Attestor.Attest([], [], [1]); // finds out about the sessions
            foreach (NitroCommand command in (NitroCommand[])[NitroCommand.NvDefineSpace, NitroCommand.NvWrite, NitroCommand.NsmRequest, NitroCommand.NvRead])
            {
                tpm.Nitro.Faults.Add(NitroTpmFault.Fails(command) with { IsAfter = true });
                tpm.Nitro.Faults.Add(NitroTpmFault.Fails(NitroCommand.NvUndefineSpace));
                Assert.Equal(Stage.TpmCommand, Assert.Throws<UnsealException>(() => tpm.Attestor.Attest([], [], [1])).Stage);
                while (tpm.Nitro.Faults.Count > 0)
                {
                    Assert.Throws<UnsealException>(() => tpm.Attestor.Attest([], [], [1]));
                }

                Assert.NotEmpty(tpm.Attestor.Attest([], [], [1]));
                Assert.Empty(tpm.Nitro.Held);
            }
        }
    }

    private static void IsTidy(TestAppliance appliance, Outcome outcome) => Assert.Empty(appliance.Tpm.Nitro.Held);

    private static Action<TestAppliance> Fault(NitroTpmFault fault) => appliance => appliance.Tpm.Nitro.Faults.Add(fault);

    private static Action<TestAppliance> Rewrite(NitroCommand command, Func<byte[], byte[]> rewrite) => Fault(new() { Command = command, Rewrite = rewrite });

    private static Action<TestAppliance> Opens(Func<ITpmTransport> open) => appliance => appliance.Environment = appliance.Environment with { OpenTpm = open };

    private static Setup Options(Func<NitroTpmOptions, NitroTpmOptions> change) => new() { Tpm = change };

    private static ReadOnlyMemory<byte> AnotherKey()
    {
        using RSA key = RSA.Create(2048);
        return key.ExportSubjectPublicKeyInfo();
    }

    private static byte[] Flip(byte[] document)
    {
        document[document.AsSpan().IndexOf("nonce"u8) + 10] ^= 1;
        return document;
    }

    private sealed class Broken : ITpmTransport
    {
        public ReadOnlyMemory<byte> Transmit(ReadOnlyMemory<byte> command) => throw new IOException("EIO");

        public void Dispose()
        {
        }
    }

    private sealed class Hanging : ITpmTransport
    {
        public ReadOnlyMemory<byte> Transmit(ReadOnlyMemory<byte> command)
        {
            Thread.Sleep(TimeSpan.FromSeconds(30));
            return default;
        }

        public void Dispose()
        {
        }
    }
}
