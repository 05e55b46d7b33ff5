using System.Security.Cryptography;
using System.Text.Json;
using Mantle.Emulator.Tpm.Nitro;
using Mantle.Formats.Cose;
using Mantle.Formats.Tpm;
using Mantle.Measure.Attestation;
using Mantle.Measure.Checking;
using Mantle.Testing;
using Mantle.Unseal.Tpm;

namespace Mantle.Unseal.Tests.Tpm;

/// <summary>Documents from the emulated NitroTPM, through the appliance's client, into the verifier of "measure attest verify".</summary>
public sealed class NitroAttestorTests
{
    public static TheoryData<NitroSessions, uint> Kinds { get; } = new()
    {
        { NitroSessions.Both, 0 },
        { NitroSessions.HmacOnly, NitroCode.AuthorizationType },
        { NitroSessions.HmacOnly, NitroCode.AuthorizationMissing },
        { NitroSessions.HmacOnly, 0x984 },
        { NitroSessions.HmacOnly, 0x98e },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_document_is_genuine_names_what_was_asked_for_and_holds_the_tpms_registers(NitroSessions sessions, uint refusal)
    {
        using TestTpm tpm = new(options => options with { Sessions = sessions, PasswordRefusal = refusal });
        tpm.Local.Extend(4, SHA384.HashData("kernel"u8));
        tpm.Local.Extend(7, SHA384.HashData("keys"u8));
        byte[] nonce = [1, 2, 3], data = [4, 5], key = RandomNumberGenerator.GetBytes(294);

        byte[] document = tpm.Attestor.Attest(key, data, nonce);

        PcrValues registers = tpm.Local.ReadPcrs();
        Assert.False(registers[TpmAlgorithm.Sha384, 4].IsZero);
        AttestationPolicy policy = new()
        {
            Root = TrustedRoot.FromCertificate(TestTpm.Authority.Root),
            At = TimeProvider.System.GetUtcNow(),
            Nonce = nonce,
            UserData = data,
            PublicKey = key,
            Pcrs = [.. Enumerable.Range(0, 24).Select(index => new ExpectedPcr(index, registers[TpmAlgorithm.Sha384, index], "swtpm", IsBound: true))],
        };
        SignedAttestationDocument read = SignedAttestationDocument.Read(document);
        AttestationResult result = AttestationVerifier.Verify(read, policy);
        Assert.NotNull(result.Verified);
        Assert.True(result.Report.Verdict == Verdict.Holds, string.Join('\n', result.Report.Checks));
        Assert.Equal(24, read.UnverifiedContent.Pcrs.Count);
        Assert.Null(AttestationVerifier.Verify(read, policy with { Root = TrustedRoot.Aws }).Verified);
        Assert.Empty(tpm.Nitro.Held);
        Assert.Equal(tpm.Opened, tpm.Closed);
    }

    [Theory]
    [InlineData(NitroSessions.Both)]
    [InlineData(NitroSessions.HmacOnly)]
    public void What_is_not_asked_for_is_null(NitroSessions sessions)
    {
        using TestTpm tpm = new(options => options with { Sessions = sessions });
        AttestationDocument content = SignedAttestationDocument.Read(tpm.Attestor.Attest([], [], [])).UnverifiedContent;
        Assert.Null(content.PublicKey);
        Assert.Null(content.UserData);
        Assert.Null(content.Nonce);
    }

    [Fact]
    public void The_layout_is_that_of_a_real_document()
    {
        using TestTpm tpm = new();
        byte[] document = tpm.Attestor.Attest([], [], [7]);
        JsonElement fixture = JsonDocument.Parse(File.ReadAllBytes(Repository.SharedVector("nitro/nitrotpm-vaportpm-fixture.json"))).RootElement;
        byte[] real = Convert.FromHexString(fixture.GetProperty("attestation").GetProperty("nitro").GetProperty("document").GetString()!);
        Assert.Equal(real[..8], document[..8]);
        Assert.Equal([0xbf, 0x69], real[10..12]);
        Assert.Equal([0xbf, 0x69], document[10..12]);
    }

    [Fact]
    public void The_kind_of_session_is_found_out_once()
    {
        using TestTpm tpm = new(options => options with { Sessions = NitroSessions.HmacOnly });
        tpm.Attestor.Attest([], [], [1]);
        int first = tpm.Nitro.Commands.Count;
        tpm.Attestor.Attest([], [], [2]);
        Assert.Equal(first - 1, tpm.Nitro.Commands.Count - first);
    }

    [Theory]
    [InlineData(NitroSessions.Both)]
    [InlineData(NitroSessions.HmacOnly)]
    public void An_index_that_a_crash_left_behind_is_replaced(NitroSessions sessions)
    {
        using TestTpm tpm = new(options => options with { Sessions = sessions, StaleIndexes = [NitroIndex.Handle] });
        Assert.NotEmpty(tpm.Attestor.Attest([], [], [1]));
        Assert.Empty(tpm.Nitro.Held);
    }

    [Fact]
    public void Sessions_that_a_crash_left_behind_make_room()
    {
        using TestTpm tpm = new(options => options with { Sessions = NitroSessions.HmacOnly });
        tpm.Nitro.Faults.Add(new() { Command = NitroCommand.FlushContext, Times = 3, Code = NitroCode.Failure });
        tpm.Attestor.Attest([], [], [1]);
        Assert.Equal(3, tpm.Nitro.Held.Count);
        Assert.NotEmpty(tpm.Attestor.Attest([], [], [2]));
        Assert.Empty(tpm.Nitro.Held);
    }
}
