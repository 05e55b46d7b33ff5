using System.Security.Cryptography;
using System.Text.Json;
using Mantle.Formats.Cose;
using Mantle.Measure.Tests.Prediction;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Attestation;

/// <summary>The published executable, as a script uses it.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string[] _sound;

    public CommandLineTests()
    {
        NitroPki pki = TestDocument.Pki;
        File.WriteAllBytes(_folder["doc"], TestDocument.Sign(TestDocument.Content(pki)));
        File.WriteAllText(_folder["root.pem"], PemEncoding.WriteString("CERTIFICATE", pki.Root));
        File.WriteAllBytes(_folder["root.der"], pki.Root);
        File.WriteAllBytes(_folder["nonce"], TestDocument.Nonce);
        _sound =
        [
            "attest", "verify", _folder["doc"], "--root", _folder["root.pem"], "--at", "2026-11-23T12:00:30Z",
            "--pcr", $"4={Hex(4)}", "--pcr", $"7={Hex(7)}", "--pcr", "12=0", "--pcr", "13=0",
        ];
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_sound_document_ends_with_0_and_says_whose_root_it_rests_on()
    {
        (int exitCode, string output, string error) = Measure([.. _sound, "--nonce-file", _folder["nonce"]]);
        Assert.Equal((0, ""), (exitCode, error));
        Assert.EndsWith($"{TestDocument.Pki.Module}: verified\n", output, StringComparison.Ordinal);
        Assert.Contains("which is not AWS's", output, StringComparison.Ordinal);
        Assert.Contains("\nPASS         nonce ", output, StringComparison.Ordinal);
        Assert.Equal(0, Measure([.. _sound.Select(word => word.Replace("root.pem", "root.der", StringComparison.Ordinal))]).ExitCode);
    }

    [Fact]
    public void Explain_takes_a_document_in_any_of_its_forms_for_what_the_machine_says()
    {
        byte[] document = File.ReadAllBytes(_folder["doc"]);
        File.WriteAllText(_folder["base64"], Convert.ToBase64String(document));
        File.WriteAllText(_folder["hex"], Convert.ToHexStringLower(document) + "\n");
        File.WriteAllBytes(_folder["uki.efi"], TestUki.Make().ToArray());

        foreach (string form in new[] { "doc", "base64", "hex" })
        {
            (int exitCode, string output, string error) = Measure(["explain", "--expected", _folder["uki.efi"], "--actual", _folder[form]]);
            Assert.Equal((2, ""), (exitCode, error));
            Assert.Contains("the document's signature was not checked", output, StringComparison.Ordinal);
            Assert.Contains("PCR 4, 7, 9, 11", output, StringComparison.Ordinal);
        }

        Assert.Equal(1, Measure(["explain", "--expected", _folder["uki.efi"], "--actual", _folder["doc"], "--pcrs", _folder["doc"]]).ExitCode);
        File.WriteAllBytes(_folder["cut"], document[..^1]);
        Assert.Equal(3, Measure(["explain", "--expected", _folder["uki.efi"], "--actual", _folder["cut"]]).ExitCode);
    }

    [Fact]
    public void Json_has_the_same_verdict()
    {
        (int exitCode, string output, _) = Measure([.. _sound, "--json"]);
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.Equal(0, exitCode);
        Assert.Equal(1, json.RootElement.GetProperty("version").GetInt32());
        Assert.Equal("holds", json.RootElement.GetProperty("verdict").GetString());
    }

    [Theory]
    [InlineData(2, "--nonce", "00")]
    [InlineData(2, "--max-age", "10s")]
    [InlineData(2, "--user-data", "00")]
    [InlineData(2, "--kind", "enclave")]
    [InlineData(1, "--nonce", "xyz")]
    [InlineData(1, "--pcr", "4=00")]
    [InlineData(1, "--pcr", "4=0")] // contradicts the other
    [InlineData(1, "--pcr", "99=0")]
    [InlineData(1, "--max-age", "5")]
    [InlineData(1, "--kind", "tpm")]
    [InlineData(4, "--against", "/nonexistent")]
    public void What_does_not_hold_or_makes_no_sense_has_its_exit_code(int expected, string option, string value) =>
        Assert.Equal(expected, Measure([.. _sound, option, value]).ExitCode);

    [Fact]
    public void Without_a_register_there_is_no_verdict()
    {
        (int exitCode, string output, _) = Measure(_sound[..^2]);
        Assert.Equal(7, exitCode);
        Assert.EndsWith("UNVERIFIED, no verdict without: pcr-13\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Under_the_root_of_AWS_the_document_is_worthless()
    {
        (int exitCode, string output, _) = Measure([.. _sound.Where((_, i) => i is not (3 or 4))]);
        Assert.Equal(2, exitCode);
        Assert.EndsWith("NOT VERIFIED, fails: root\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_document_ends_with_3()
    {
        File.WriteAllText(_folder["doc"], "no document");
        (int exitCode, _, string error) = Measure(_sound);
        Assert.Equal((3, "measure: error: cose: "), (exitCode, error[..22]));
    }

    [Fact]
    public void Show_prints_claims_and_verifies_nothing()
    {
        (int exitCode, string output, _) = Measure(["attest", "show", _folder["doc"]]);
        Assert.Equal(0, exitCode);
        Assert.StartsWith("attestation document of a NitroTPM, not verified\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_quote_is_verified_with_the_key_that_a_document_names()
    {
        using TpmTools tpm = new();
        tpm.MakeKey("ak", "ecc", "sha256", "ecdsa");
        tpm.Run("tpm2_pcrextend", $"4:sha384={new string('2', 96)}", $"7:sha384={new string('3', 96)}");
        tpm.Run("tpm2_quote", "-c", tpm["ak.ctx"], "-l", "sha384:4,7,12,13", "-q", "0011", "-m", tpm["msg"], "-s", tpm["sig"], "-o", tpm["pcrs"], "-F", "values", "-g", "sha256");
        byte[] pcrs = File.ReadAllBytes(tpm["pcrs"]);
        SortedDictionary<int, ReadOnlyMemory<byte>> registers = TestDocument.Pcrs(24);
        registers[4] = pcrs.AsMemory(0, 48);
        registers[7] = pcrs.AsMemory(48, 48);
        AttestationDocument content = TestDocument.Content(TestDocument.Pki) with { PublicKey = File.ReadAllBytes(tpm["ak.pub"]), Pcrs = registers };
        File.WriteAllBytes(_folder["doc"], TestDocument.Sign(content));
        string[] arguments =
        [
            "quote", "verify", "--quote", tpm["msg"], "--signature", tpm["sig"], "--pcrs", tpm["pcrs"], "--nonce", "0011",
            "--pcr", $"4={Convert.ToHexString(pcrs.AsSpan(0, 48))}", "--pcr", $"7={Convert.ToHexString(pcrs.AsSpan(48, 48))}", "--pcr", "12=0", "--pcr", "13=0",
        ];
        string[] fromDocument = [.. arguments, "--ak-from", _folder["doc"], "--root", _folder["root.pem"], "--at", "2026-11-23T12:00:30Z"];

        Assert.Equal("quote: verified", LastLine(Measure(fromDocument)));
        Assert.Equal("quote: verified", LastLine(Measure([.. arguments, "--ak", tpm["ak.pem"]])));
        Assert.Equal("quote: NOT VERIFIED, fails: document.freshness", LastLine(Measure([.. fromDocument, "--max-age", "1s"])));
        Assert.Equal("quote: NOT VERIFIED, fails: document.nonce", LastLine(Measure([.. fromDocument, "--document-nonce", "00"])));
        Assert.Equal("quote: NOT VERIFIED, fails: document.root, key.origin", LastLine(Measure([.. fromDocument.Where((_, i) => i != arguments.Length + 2 && i != arguments.Length + 3)])));
        Assert.Equal(1, Measure(arguments).ExitCode);
    }

    private static string LastLine((int ExitCode, string Output, string Error) run) => (run.Output + run.Error).TrimEnd('\n').Split('\n')[^1];

    private static string Hex(int index) => Convert.ToHexString(TestDocument.Value(index));

    private static (int ExitCode, string Output, string Error) Measure(IEnumerable<string> arguments) => Oracle.Run(BuildOutput.Require("dist", "measure"), arguments);
}
