using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Cose;
using Mantle.Formats.Tpm;
using Mantle.Formats.X509;
using Mantle.Measure.Attestation;
using Mantle.Measure.Checking;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Attestation;

/// <summary>Documents that AWS's own hypervisors signed.</summary>
public class RealDocumentTests
{
    [Fact]
    public void A_NitroTPM_document_holds_at_its_own_time()
    {
        (SignedAttestationDocument document, JsonElement fixture) = NitroTpm();
        AttestationPolicy policy = new()
        {
            At = null,
            Nonce = Convert.FromHexString(fixture.GetProperty("nonce").GetString()!),
            Pcrs = [.. ExpectedPcr.Needed(AttestationKind.NitroTpm).Select(index => Expected(index, fixture.GetProperty("pcrs").GetProperty("sha384").GetProperty($"{index}").GetString()!))],
        };
        AttestationResult result = AttestationVerifier.Verify(document, policy);

        Assert.Equal([], result.Report.Checks.Where(check => check.Outcome == CheckOutcome.Fail));
        Assert.Equal(Verdict.Holds, result.Report.Verdict);
        Assert.True(result.Policy.Root.IsAws);
        Assert.Null(SystemPath.FindProblem(
            [.. result.Document.UnverifiedContent.CaBundle.Append(result.Document.UnverifiedContent.Certificate).Select(Certificate.Read)], result.Document.UnverifiedContent.Timestamp));
        Assert.Equal("i-01cfb383223e42522-tpm0000000000000000", result.Verified!.Content.ModuleId);
        Assert.Equal(["the verdict is about 2026-02-03T10:12:02Z, when the document was made, and not about now"], result.Report.Notes);
    }

    [Theory]
    [InlineData("2026-02-03T10:12:30Z", "")]
    [InlineData("2026-02-03T10:11:10Z", "")] // our clock is behind, by less than a minute
    [InlineData("2026-02-03T10:10:30Z", "path.validity,freshness")]
    [InlineData("2026-02-03T10:17:30Z", "freshness")]
    [InlineData("2026-02-03T13:12:03Z", "path.validity,freshness")]
    [InlineData("2019-01-01T00:00:00Z", "path.validity,freshness")]
    [InlineData("2050-01-01T00:00:00Z", "path.validity,freshness")]
    public void A_NitroTPM_document_holds_only_around_its_time(string at, string failures)
    {
        AttestationPolicy policy = new() { At = DateTimeOffset.Parse(at, null) };
        AttestationResult result = AttestationVerifier.Verify(NitroTpm().Document, policy);

        Assert.Equal(failures, string.Join(',', result.Report.Checks.Where(check => check.Outcome == CheckOutcome.Fail).Select(check => check.Id)));
        Assert.NotEqual(Verdict.Holds, result.Report.Verdict);
    }

    [Fact]
    public void Without_expected_registers_there_is_no_verdict()
    {
        AttestationResult result = AttestationVerifier.Verify(NitroTpm().Document, new() { At = null });

        Assert.Equal(Verdict.Unverified, result.Report.Verdict);
        Assert.Equal(ExitCode.Unverified, result.Report.ExitCode);
        Assert.Equal("UNVERIFIED, no verdict without: pcr-4, pcr-7, pcr-12, pcr-13", CheckText.Describe(result.Report));
    }

    [Fact]
    public void An_enclave_document_with_bytes_behind_it_is_refused_and_read_only_when_told_to()
    {
        byte[] bytes = File.ReadAllBytes(Repository.SharedVector("nitro/enclave-2025-12-25.cose"));
        Assert.Equal("151 bytes follow the message", Assert.Throws<MalformedInputException>(() => SignedAttestationDocument.Read(bytes)).Problem);

        SignedAttestationDocument document = SignedAttestationDocument.Read(bytes, allowTrailing: true);
        AttestationPolicy policy = new()
        {
            Kind = AttestationKind.NitroEnclave,
            At = null,
            Pcrs = [.. ExpectedPcr.Needed(AttestationKind.NitroEnclave).Select(index => Expected(index, Convert.ToHexString(document.UnverifiedContent.Pcrs[index].Span)))],
        };
        AttestationResult result = AttestationVerifier.Verify(document, policy);

        Assert.Equal(Verdict.Holds, result.Report.Verdict);
        Assert.Contains("151 bytes behind it are ignored, nothing signs them", result.Report.Find("form")!.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public void An_enclave_document_is_never_taken_for_one_of_NitroTPM()
    {
        SignedAttestationDocument document = SignedAttestationDocument.Read(File.ReadAllBytes(Repository.SharedVector("nitro/enclave-2025-12-25.cose")), allowTrailing: true);
        AttestationResult result = AttestationVerifier.Verify(document, new() { At = null });

        Assert.Equal(["kind", "module-id"], result.Report.Checks.Where(check => check.Outcome == CheckOutcome.Fail).Select(check => check.Id));
        Assert.Equal(
            "it is a Nitro Enclave document (field pcrs), asked for is a NitroTPM document (field nitrotpm_pcrs): register numbers of the two mean different things",
            result.Report.Find("kind")!.Evidence);
    }

    [Fact]
    public void A_document_written_again_from_what_was_read_is_the_same_bytes()
    {
        SignedAttestationDocument document = NitroTpm().Document;
        byte[] payload = AttestationDocumentWriter.WritePayload(document.UnverifiedContent);

        Assert.Equal(document.Envelope.Payload.ToArray(), payload);
        Assert.Equal(
            DocumentBytes(NitroTpm().Fixture),
            CoseSign1Writer.Write(document.Envelope.ProtectedHeader.Span, payload, document.Envelope.Signature.Span));
    }

    internal static (SignedAttestationDocument Document, JsonElement Fixture) NitroTpm()
    {
        JsonElement fixture = JsonDocument.Parse(File.ReadAllBytes(Repository.SharedVector("nitro/nitrotpm-vaportpm-fixture.json"))).RootElement;
        return (SignedAttestationDocument.Read(DocumentBytes(fixture)), fixture);
    }

    internal static byte[] DocumentBytes(JsonElement fixture) =>
        Convert.FromHexString(fixture.GetProperty("attestation").GetProperty("nitro").GetProperty("document").GetString()!);

    private static ExpectedPcr Expected(int index, string hex) => new(index, TpmDigest.FromHex(TpmAlgorithm.Sha384, hex), "fixture", IsBound: true);
}
