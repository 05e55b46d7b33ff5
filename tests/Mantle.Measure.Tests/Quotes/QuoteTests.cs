using System.Security.Cryptography;
using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Cose;
using Mantle.Formats.Tpm;
using Mantle.Measure.Attestation;
using Mantle.Measure.Checking;
using Mantle.Measure.Quotes;
using Mantle.Measure.Tests.Attestation;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Quotes;

/// <summary>Quotes of a software TPM made by tpm2-tools, which also check them; and one of EC2.</summary>
public class QuoteTests
{
    private const string Nonce = "00112233445566778899aabbccddeeff";

    [Theory]
    [InlineData("rsa", "sha256", "rsassa", "tss")]
    [InlineData("rsa", "sha256", "rsapss", "tss")]
    [InlineData("rsa", "sha384", "rsapss", "plain")]
    [InlineData("rsa", "sha256", "rsassa", "plain")]
    [InlineData("ecc", "sha256", "ecdsa", "tss")]
    [InlineData("ecc", "sha256", "ecdsa", "plain")]
    [InlineData("ecc384", "sha384", "ecdsa", "tss")]
    public void A_quote_of_tpm2_tools_holds(string algorithm, string hash, string scheme, string form)
    {
        using TpmTools tpm = new();
        tpm.MakeKey("ak", algorithm, hash, scheme);
        tpm.Run("tpm2_pcrextend", $"4:sha256={new string('1', 64)},sha384={new string('2', 96)}", $"7:sha384={new string('3', 96)}");
        tpm.Run("tpm2_quote", "-c", tpm["ak.ctx"], "-l", "sha256:0,1+sha384:4,7,12,13", "-q", Nonce, "-m", tpm["msg"], "-s", tpm["sig"], "-o", tpm["pcrs"], "-f", form, "-g", hash, $"--scheme={scheme}");
        if (scheme == "rsapss" && form == "plain")
        {
            Oracle.Succeed("openssl", "dgst", $"-{hash}", "-verify", tpm["ak.pem"], "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest", "-signature", tpm["sig"], tpm["msg"]);
        }
        else if (form == "tss" && scheme != "rsapss") // which tpm2_checkquote 5.4 does not know
        {
            Oracle.Succeed("tpm2_checkquote", "-u", tpm["ak.pub"], "-m", tpm["msg"], "-s", tpm["sig"], "-f", tpm["pcrs"], "-g", hash, "-q", Nonce);
        }

        Assert.True(TpmHash.TryParse(hash, out TpmAlgorithm bareHash));
        foreach (string key in (string[])["ak.pub", "ak.pem"])
        {
            QuoteResult result = Verify(tpm, key, Policy(File.ReadAllBytes(tpm["pcrs"])) with { BareHash = bareHash });
            Assert.Equal("", Failures(result));
            Assert.Equal(Verdict.Holds, result.Report.Verdict);
            Assert.Equal(key == "ak.pub" ? CheckOutcome.Pass : CheckOutcome.NotChecked, result.Report.Find("key.attributes")!.Outcome);
        }

        QuoteResult byValues = Verify(tpm, "ak.pub", Policy(Values(tpm)) with { BareHash = bareHash });
        Assert.Equal(Verdict.Holds, byValues.Report.Verdict);
    }

    [Fact]
    public void A_quote_that_is_wrong_in_one_thing_fails_for_it()
    {
        using TpmTools tpm = new();
        tpm.MakeKey("ak", "ecc", "sha256", "ecdsa");
        tpm.MakeKey("other", "ecc", "sha256", "ecdsa");
        tpm.MakeKey("rsa", "rsa", "sha256", "rsassa");
        tpm.Run("tpm2_pcrextend", $"4:sha256={new string('1', 64)},sha384={new string('2', 96)}", $"7:sha384={new string('3', 96)}");
        tpm.Run("tpm2_quote", "-c", tpm["ak.ctx"], "-l", "sha256:0,1+sha384:4,7,12,13", "-q", Nonce, "-m", tpm["msg"], "-s", tpm["sig"], "-o", tpm["pcrs"], "-g", "sha256");
        byte[] pcrs = File.ReadAllBytes(tpm["pcrs"]);
        byte[] values = Values(tpm);
        byte[] quote = File.ReadAllBytes(tpm["msg"]);
        QuotePolicy sound = Policy(pcrs);

        Assert.Equal("signature", Failures(Verify(tpm, "other.pub", sound)));
        Assert.Equal("signature", Failures(Verify(tpm, "rsa.pub", sound)));
        Assert.Equal("nonce", Failures(Verify(tpm, "ak.pub", sound with { Nonce = new byte[16] })));
        Assert.Equal("nonce", Failures(Verify(tpm, "ak.pub", sound with { Nonce = Convert.FromHexString(Nonce).AsMemory(0, 15) })));
        byte[] changed = (byte[])values.Clone();
        changed[^1] ^= 1;
        Assert.Equal("pcr.digest", Failures(Verify(tpm, "ak.pub", Policy(changed))));
        Assert.Equal("pcr.digest", Failures(Verify(tpm, "ak.pub", Policy(values[..^1]))));
        Assert.Equal("pcr-12", Failures(Verify(tpm, "ak.pub", sound with { ExpectedPcrs = bank => [.. Expected(values).Select(pcr => pcr.Index == 12 ? pcr with { Value = bank.HashData("x"u8) } : pcr)] })));

        Assert.Equal("UNVERIFIED, no verdict without: nonce", CheckText.Describe(Verify(tpm, "ak.pub", sound with { Nonce = null }).Report));
        Assert.Equal("UNVERIFIED, no verdict without: pcr.digest, pcr-4, pcr-7, pcr-12, pcr-13", CheckText.Describe(Verify(tpm, "ak.pub", sound with { ClaimedPcrs = null }).Report));
        Assert.Equal("UNVERIFIED, no verdict without: pcr-4, pcr-7, pcr-12, pcr-13", CheckText.Describe(Verify(tpm, "ak.pub", sound with { ExpectedPcrs = _ => [] }).Report));

        using AttestationKey key = AttestationKey.Read(File.ReadAllBytes(tpm["ak.pub"]));
        for (int bit = 0; bit < quote.Length * 8; bit++)
        {
            byte[] flipped = (byte[])quote.Clone();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                Assert.Contains("signature", Failures(QuoteVerifier.Verify(TpmAttestation.Read(flipped), File.ReadAllBytes(tpm["sig"]), key, sound)), StringComparison.Ordinal);
            }
            catch (MalformedInputException)
            {
                // Just as good.
            }
        }
    }

    [Fact]
    public void Attestations_that_are_no_quotes_are_told_apart()
    {
        using TpmTools tpm = new();
        tpm.MakeKey("ak", "ecc", "sha256", "ecdsa");
        tpm.Run("tpm2_gettime", "-c", tpm["ak.ctx"], "-q", Nonce, "--attestation", tpm["msg"], "-o", tpm["sig"]);
        QuoteResult result = Verify(tpm, "ak.pub", Policy([]));
        Assert.Equal("type", Failures(result));
        Assert.Equal("type 0x8019, a quote is 0x8018", result.Report.Find("type")!.Evidence);
    }

    [Fact]
    public void A_key_that_signs_anything_proves_nothing()
    {
        using TpmTools tpm = new();
        tpm.Run("tpm2_createprimary", "-C", "e", "-G", "ecc256:ecdsa-sha256", "-a", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign", "-c", tpm["free.ctx"]);
        tpm.Run("tpm2_readpublic", "-c", tpm["free.ctx"], "-o", tpm["free.pub"]);
        tpm.Run("tpm2_quote", "-c", tpm["free.ctx"], "-l", "sha384:4,7,12,13", "-q", Nonce, "-m", tpm["msg"], "-s", tpm["sig"], "-o", tpm["pcrs"], "-g", "sha256");
        QuoteResult result = Verify(tpm, "free.pub", Policy(File.ReadAllBytes(tpm["pcrs"])));
        Assert.Contains("key.attributes", Failures(result), StringComparison.Ordinal);
        Assert.StartsWith("the key is not Restricted", result.Report.Find("key.attributes")!.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public void The_name_of_a_key_is_what_the_TPM_says_it_is()
    {
        using TpmTools tpm = new();
        tpm.MakeKey("ak", "rsa", "sha256", "rsassa");
        Assert.Equal(File.ReadAllBytes(tpm["ak.name"]), TpmPublic.Read(File.ReadAllBytes(tpm["ak.pub"])).ComputeName());
    }

    [Fact]
    public void The_values_of_a_log_are_a_claim_like_any_other()
    {
        byte[] log = File.ReadAllBytes(Repository.PathOf("tests", "vectors", "own-qemu", "01-setup-mode", "eventlog.bin"));
        PcrSelection[] selections = [new(TpmAlgorithm.Sha256, 1 << 4 | 1 << 7), new(TpmAlgorithm.Sha384, 1 << 12)];
        SelectedPcrs pcrs = ReplayedPcrs.Select(ByteSource.FromMemory(log), selections);

        using JsonDocument captured = JsonDocument.Parse(File.ReadAllBytes(Repository.PathOf("tests", "vectors", "own-qemu", "01-setup-mode", "case.json")));
        JsonElement truth = captured.RootElement.GetProperty("tpm_pcrs");
        Assert.Equal(
            [(4, truth.GetProperty("sha256").GetProperty("4").GetString()!), (7, truth.GetProperty("sha256").GetProperty("7").GetString()!), (12, truth.GetProperty("sha384").GetProperty("12").GetString()!)],
            pcrs.Values.Select(value => (value.Register, value.Value.ToString())));
        Assert.Throws<MalformedInputException>(() => ReplayedPcrs.Select(ByteSource.FromMemory(log), [new(TpmAlgorithm.Sm3, 1)]));
        Assert.Throws<MalformedInputException>(() => ReplayedPcrs.Select(ByteSource.FromMemory(log), [new(TpmAlgorithm.Sha256, 1 << 24)]));
    }

    [Fact]
    public void A_quote_of_EC2_holds_under_the_key_that_its_document_names()
    {
        (SignedAttestationDocument document, JsonElement fixture) = RealDocumentTests.NitroTpm();
        VerifiedAttestation verified = AttestationVerifier.Verify(document, new() { At = null }).Verified!;
        JsonElement tpm = fixture.GetProperty("attestation").GetProperty("tpm").GetProperty("ecc_p256");
        JsonElement values = fixture.GetProperty("pcrs").GetProperty("sha384");
        byte[] pcrs = [.. Enumerable.Range(0, 24).SelectMany(index => Convert.FromHexString(values.GetProperty($"{index}").GetString()!))];
        using AttestationKey key = AttestationKey.Read(verified.Content.PublicKey!.Value);
        QuoteResult result = QuoteVerifier.Verify(
            TpmAttestation.Read(Convert.FromHexString(tpm.GetProperty("attest_data").GetString()!)),
            Convert.FromHexString(tpm.GetProperty("signature").GetString()!),
            key,
            new()
            {
                Nonce = Convert.FromHexString(fixture.GetProperty("nonce").GetString()!),
                ClaimedPcrs = selections => PcrFile.Read(pcrs, selections),
                ExpectedPcrs = bank => [.. ExpectedPcr.Needed(AttestationKind.NitroTpm).Select(index => new ExpectedPcr(index, TpmDigest.FromHex(bank, values.GetProperty($"{index}").GetString()!), "fixture", IsBound: true))],
            });

        Assert.Equal("", Failures(result));
        Assert.Equal(Verdict.Holds, result.Report.Verdict);
        PublishedSchemaTests.AssertDescribed("quote.schema.json", PublishedSchemaTests.Json(json => QuoteJson.Write(result, json)), ["verdict", "notes", "checks", "quote", "pcrs"]);
    }

    [Fact]
    public void A_small_RSA_key_proves_nothing()
    {
        using RSA rsa = RSA.Create(1024);
        byte[] quote = Convert.FromHexString("ff544347801800000000" + new string('0', 50) + "000000000000");
        using AttestationKey key = AttestationKey.Read(rsa.ExportSubjectPublicKeyInfo());
        QuoteResult result = QuoteVerifier.Verify(TpmAttestation.Read(quote), rsa.SignData(quote, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), key, new() { Nonce = ReadOnlyMemory<byte>.Empty });
        Assert.Equal("key.size,selection", Failures(result));
    }

    private static QuoteResult Verify(TpmTools tpm, string keyFile, QuotePolicy policy)
    {
        using AttestationKey key = AttestationKey.Read(File.ReadAllBytes(tpm[keyFile]));
        return QuoteVerifier.Verify(TpmAttestation.Read(File.ReadAllBytes(tpm["msg"])), File.ReadAllBytes(tpm["sig"]), key, policy);
    }

    private static QuotePolicy Policy(byte[] pcrs) => new()
    {
        Nonce = Convert.FromHexString(Nonce),
        ClaimedPcrs = selections => PcrFile.Read(pcrs, selections),
        ExpectedPcrs = bank => ExpectedPcr.Needed(AttestationKind.NitroTpm).Select(index => new ExpectedPcr(index, Measured(bank, index), "test", IsBound: true)).ToList(),
    };

    /// <summary>What the TPM holds after the two extends of these tests; zero in a test without them is another matter.</summary>
    private static TpmDigest Measured(TpmAlgorithm bank, int index) => index switch
    {
        4 => TpmDigest.Zero(bank).Extend(TpmDigest.FromHex(bank, new string('2', 96))),
        7 => TpmDigest.Zero(bank).Extend(TpmDigest.FromHex(bank, new string('3', 96))),
        _ => TpmDigest.Zero(bank),
    };

    private static ExpectedPcr[] Expected(byte[] values) =>
        [.. ExpectedPcr.Needed(AttestationKind.NitroTpm).Select((index, i) => new ExpectedPcr(index, new(TpmAlgorithm.Sha384, values.AsSpan(64 + (48 * i), 48)), "test", IsBound: true))];

    /// <summary>The digests of sha256:0,1+sha384:4,7,12,13 one behind the other.</summary>
    private static byte[] Values(TpmTools tpm)
    {
        tpm.Run("tpm2_pcrread", "sha256:0,1+sha384:4,7,12,13", "-o", tpm["values"]);
        return File.ReadAllBytes(tpm["values"]);
    }

    private static string Failures(QuoteResult result) =>
        string.Join(',', result.Report.Checks.Where(check => check.Outcome == CheckOutcome.Fail).Select(check => check.Id));
}
