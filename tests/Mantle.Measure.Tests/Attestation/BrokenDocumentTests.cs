using System.Security.Cryptography;
using Mantle.Formats.Cose;
using Mantle.Formats.Tpm;
using Mantle.Measure.Attestation;
using Mantle.Measure.Checking;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Attestation;

/// <summary>Documents and policies that are sound but for one thing.</summary>
public class BrokenDocumentTests
{
    private static readonly byte[] s_other = new byte[48];

    private static readonly (string Name, Func<AttestationDocument, AttestationDocument> Document, Func<AttestationPolicy, AttestationPolicy> Policy, string Fails)[] s_cases =
    [
        ("no nonce", d => d with { Nonce = null }, p => p, "nonce"),
        ("empty nonce", d => d with { Nonce = Array.Empty<byte>() }, p => p, "nonce"),
        ("other nonce", d => d with { Nonce = SHA256.HashData("other"u8) }, p => p, "nonce"),
        ("cut nonce", d => d with { Nonce = TestDocument.Nonce.AsMemory(0, 31) }, p => p, "nonce"),
        ("longer nonce", d => d with { Nonce = (byte[])[.. TestDocument.Nonce, 0] }, p => p, "nonce"),
        ("no user data", d => d with { UserData = null }, p => p, "user-data"),
        ("other user data", d => d with { UserData = "Data"u8.ToArray() }, p => p, "user-data"),
        ("no public key", d => d with { PublicKey = null }, p => p, "public-key"),
        ("other public key", d => d with { PublicKey = new byte[65] }, p => p, "public-key"),
        ("nonce in the user data", d => d with { Nonce = null, UserData = TestDocument.Nonce }, p => p with { UserData = null }, "nonce"),
        ("old", d => d, p => p with { At = NitroPki.Now.AddSeconds(301) }, "freshness"),
        ("old for a short window", d => d, p => p with { MaximumAge = TimeSpan.FromSeconds(29) }, "freshness"),
        ("from the future", d => d, p => p with { At = NitroPki.Now.AddSeconds(-61) }, "freshness"),
        ("before its certificate", d => d with { TimestampMilliseconds = Time(-6) }, p => p, "timestamp"),
        ("after its certificate", d => d with { TimestampMilliseconds = Time((3 * 3600) + 1) }, p => p, "timestamp,freshness"),
        ("time of 1970", d => d with { TimestampMilliseconds = 1 }, p => p, "timestamp,freshness"),
        ("time of 9999", d => d with { TimestampMilliseconds = 253_402_300_799_999 }, p => p, "timestamp,freshness"),
        ("time of 1970 at its own time", d => d with { TimestampMilliseconds = 1 }, p => p with { At = null }, "path.validity,timestamp"),
        ("other module", d => d with { ModuleId = "i-0123456789abcdef1-tpm0000000000000000" }, p => p, "module-certificate"),
        ("module in capitals", d => d with { ModuleId = "i-0123456789ABCDEF0-tpm0000000000000000" }, p => p, "module-id,module-certificate"),
        ("module of an enclave", d => d with { ModuleId = "i-0123456789abcdef0-enc0123456789abcdef" }, p => p, "module-id,module-certificate"),
        ("instance as module", d => d with { ModuleId = "i-0123456789abcdef0" }, p => p, "module-id,module-certificate"),
        ("empty TPM number", d => d with { ModuleId = "i-0123456789abcdef0-tpm" }, p => p, "module-id,module-certificate"),
        ("module with a tail", d => d with { ModuleId = "i-0123456789abcdef0-tpm0000000000000000-x" }, p => p, "module-id,module-certificate"),
        ("an enclave's document", d => d with { Kind = AttestationKind.NitroEnclave }, p => p, "kind"),
        ("a TPM's document for an enclave", d => d, p => p with { Kind = AttestationKind.NitroEnclave }, "kind,module-id"),
        ("PCR 4 differs", d => With(d, 4, s_other.Length, 0x11), p => p, "pcr-4"),
        ("PCR 7 differs", d => With(d, 7, 48, 0x11), p => p, "pcr-7"),
        ("PCR 12 is not zero", d => With(d, 12, 48, 0x11), p => p, "pcr-12"),
        ("PCR 13 is not zero", d => With(d, 13, 48, 0x11), p => p, "pcr-13"),
        ("PCR 4 is zero", d => With(d, 4, 48, 0), p => p, "pcr.measured,pcr-4"),
        ("PCR 4 is zero and expected so", d => With(d, 4, 48, 0), p => p with { Pcrs = [.. p.Pcrs.Select(e => e.Index == 4 ? e with { Value = TpmDigest.Zero(TpmAlgorithm.Sha384) } : e)] }, "pcr.measured"),
        ("PCR 7 is zero", d => With(d, 7, 48, 0), p => p, "pcr.measured,pcr-7"),
        ("PCR 4 is not there", d => Without(d, 4), p => p, "pcr-4"),
        ("PCR 13 is not there", d => Without(d, 13), p => p, "pcr-13"),
        ("PCR 4 of SHA-256", d => With(d, 4, 32, 0x11), p => p, "pcr.length,pcr-4"),
        ("PCR 4 of SHA-512", d => With(d, 4, 64, 0x11), p => p, "pcr.length,pcr-4"),
        ("PCR 12 of SHA-256 and zero", d => With(d, 12, 32, 0), p => p, "pcr.length,pcr-12"),
        ("PCR 23 of SHA-256", d => With(d, 23, 32, 0), p => p, "pcr.length"),
        ("PCR 20 bound and different", d => d, p => p with { Pcrs = [.. p.Pcrs, new(20, TpmDigest.Zero(TpmAlgorithm.Sha384), "test", IsBound: true)] }, "pcr-20"),
    ];

    public static TheoryData<string> Cases => [.. s_cases.Select(one => one.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_document_that_is_wrong_in_one_thing_fails_for_it(string name)
    {
        (_, Func<AttestationDocument, AttestationDocument> document, Func<AttestationPolicy, AttestationPolicy> policy, string fails) = s_cases.Single(one => one.Name == name);
        AttestationResult result = TestDocument.Verify(TestDocument.Sign(document(TestDocument.Content(TestDocument.Pki))), policy(TestDocument.Policy(TestDocument.Pki)));

        Assert.Equal(fails, BrokenChainTests.Failures(result));
        Assert.Equal(Verdict.DoesNotHold, result.Report.Verdict);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(7)]
    [InlineData(12)]
    [InlineData(13)]
    public void A_needed_register_that_nothing_is_expected_of_leaves_no_verdict(int index)
    {
        AttestationPolicy policy = TestDocument.Policy(TestDocument.Pki);
        AttestationResult result = TestDocument.Verify(
            TestDocument.Sign(TestDocument.Content(TestDocument.Pki)), policy with { Pcrs = [.. policy.Pcrs.Where(pcr => pcr.Index != index)] });
        Assert.Equal($"UNVERIFIED, no verdict without: pcr-{index}", CheckText.Describe(result.Report));

        AttestationResult otherBank = TestDocument.Verify(
            TestDocument.Sign(TestDocument.Content(TestDocument.Pki)),
            policy with { Pcrs = [.. policy.Pcrs.Select(pcr => pcr.Index != index ? pcr : pcr with { Value = TpmDigest.Zero(TpmAlgorithm.Sha256) })] });
        Assert.Equal(ExitCode.Unverified, otherBank.Report.ExitCode);
        Assert.EndsWith("; the expected value is not of bank sha256".Replace("sha256", "sha384", StringComparison.Ordinal), otherBank.Report.Find($"pcr-{index}")!.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unbound_register_is_reported_and_decides_nothing()
    {
        AttestationPolicy policy = TestDocument.Policy(TestDocument.Pki);
        AttestationResult result = TestDocument.Verify(
            TestDocument.Sign(TestDocument.Content(TestDocument.Pki)),
            policy with { Pcrs = [.. policy.Pcrs, new(5, TpmDigest.Zero(TpmAlgorithm.Sha384), "test", IsBound: false)] });
        Assert.Equal(Verdict.Holds, result.Report.Verdict);
        Assert.Contains("other than test has it; not bound", result.Report.Find("pcr-5")!.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public void An_enclaves_document_is_verified_by_its_own_rules()
    {
        AttestationDocument content = TestDocument.Content(TestDocument.EnclavePki, AttestationKind.NitroEnclave);
        AttestationPolicy policy = TestDocument.Policy(TestDocument.EnclavePki, AttestationKind.NitroEnclave);
        Assert.Equal(Verdict.Holds, TestDocument.Verify(TestDocument.Sign(content, TestDocument.EnclavePki), policy).Report.Verdict);

        // Debug mode: all registers are zero, and a policy that expects it is wrong too.
        AttestationDocument debug = With(With(With(content, 0, 48, 0), 1, 48, 0), 2, 48, 0);
        AttestationResult result = TestDocument.Verify(
            TestDocument.Sign(debug, TestDocument.EnclavePki), policy with { Pcrs = [.. policy.Pcrs.Select(pcr => pcr with { Value = TpmDigest.Zero(TpmAlgorithm.Sha384) })] });
        Assert.Equal("pcr.measured", BrokenChainTests.Failures(result));
    }

    [Fact]
    public void Any_change_of_the_signed_bytes_is_noticed()
    {
        byte[] sound = TestDocument.Sign(TestDocument.Content(TestDocument.Pki));
        SignedAttestationDocument document = SignedAttestationDocument.Read(sound);
        CoseSign1 envelope = document.Envelope;
        int rejected = 0;
        for (int bit = 0; bit < envelope.Payload.Length * 8; bit += 131)
        {
            byte[] payload = envelope.Payload.ToArray();
            payload[bit / 8] ^= (byte)(1 << (bit % 8));
            rejected += Accepts(CoseSign1Writer.Write(envelope.ProtectedHeader.Span, payload, envelope.Signature.Span)) ? 0 : 1;
        }

        Assert.Equal(((envelope.Payload.Length * 8) + 130) / 131, rejected);
        for (int bit = 0; bit < 96 * 8; bit += 7)
        {
            byte[] signature = envelope.Signature.ToArray();
            signature[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Accepts(CoseSign1Writer.Write(envelope.ProtectedHeader.Span, envelope.Payload.Span, signature)));
        }
    }

    [Theory]
    [InlineData(-7)]
    [InlineData(-36)]
    [InlineData(-37)]
    [InlineData(5)]
    public void An_algorithm_other_than_ES384_is_not_verified_with(int algorithm)
    {
        byte[] document = CoseSign1Writer.Write(AttestationDocumentWriter.WritePayload(TestDocument.Content(TestDocument.Pki)), (CoseAlgorithm)algorithm, TestDocument.Pki.Sign);
        AttestationResult result = TestDocument.Verify(document, TestDocument.Policy(TestDocument.Pki));
        Assert.Equal("signature", BrokenChainTests.Failures(result));
        Assert.Equal($"algorithm {algorithm} is not ES384 (-35)", result.Report.Find("signature")!.Evidence);
    }

    [Theory]
    [InlineData(0)] // r = s = 0
    [InlineData(1)] // DER instead of fixed length
    [InlineData(2)] // a byte short
    [InlineData(3)] // a byte long
    [InlineData(4)] // r and s exchanged
    [InlineData(5)] // of another digest
    [InlineData(6)] // of the payload alone
    public void A_signature_of_another_form_fails(int form)
    {
        byte[] payload = AttestationDocumentWriter.WritePayload(TestDocument.Content(TestDocument.Pki));
        ECDsa key = TestDocument.Pki.Keys[^1];
        byte[] document = CoseSign1Writer.Write(payload, CoseAlgorithm.Es384, data =>
        {
            byte[] sound = TestDocument.Pki.Sign(data);
            return form switch
            {
                0 => new byte[96],
                1 => key.SignData(data, HashAlgorithmName.SHA384, DSASignatureFormat.Rfc3279DerSequence),
                2 => sound[..95],
                3 => [.. sound, 0],
                4 => [.. sound[48..], .. sound[..48]],
                5 => key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation),
                _ => TestDocument.Pki.Sign(payload),
            };
        });
        Assert.Equal("signature", BrokenChainTests.Failures(TestDocument.Verify(document, TestDocument.Policy(TestDocument.Pki))));
    }

    [Fact]
    public void A_document_signed_by_the_key_of_any_issuer_fails()
    {
        for (int link = 0; link < 4; link++)
        {
            ECDsa key = TestDocument.Pki.Keys[link];
            byte[] document = AttestationDocumentWriter.Write(
                TestDocument.Content(TestDocument.Pki), data => key.SignData(data, HashAlgorithmName.SHA384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
            Assert.Equal("signature", BrokenChainTests.Failures(TestDocument.Verify(document, TestDocument.Policy(TestDocument.Pki))));
        }
    }

    [Fact]
    public void A_tag_in_front_changes_nothing() =>
        Assert.Equal(
            Verdict.Holds,
            TestDocument.Verify(AttestationDocumentWriter.Write(TestDocument.Content(TestDocument.Pki), TestDocument.Pki.Sign, isTagged: true), TestDocument.Policy(TestDocument.Pki)).Report.Verdict);

    private static bool Accepts(byte[] document)
    {
        try
        {
            return TestDocument.Verify(document, TestDocument.Policy(TestDocument.Pki)).Verified is not null;
        }
        catch (Formats.Bytes.MalformedInputException)
        {
            return false;
        }
    }

    private static ulong Time(int seconds) => (ulong)NitroPki.Now.AddSeconds(seconds).ToUnixTimeMilliseconds();

    private static AttestationDocument With(AttestationDocument document, int index, int length, byte value)
    {
        byte[] bytes = new byte[length];
        Array.Fill(bytes, value);
        return document with { Pcrs = new SortedDictionary<int, ReadOnlyMemory<byte>>(document.Pcrs.ToDictionary()) { [index] = bytes } };
    }

    private static AttestationDocument Without(AttestationDocument document, int index) =>
        document with { Pcrs = document.Pcrs.Where(pcr => pcr.Key != index).ToDictionary() };
}
