using System.CommandLine;
using Mantle.Cli;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;
using Mantle.Measure.Attestation;
using Mantle.Measure.Checking;
using Mantle.Measure.Quotes;

namespace Mantle.Measure.Cli.Commands;

/// <summary><c>measure quote verify</c>: verifies a TPM's quote as tpm2-tools and go-attestation make them.</summary>
internal static class QuoteCommand
{
    private static readonly Option<string> s_quote = new("--quote") { Description = "The quote (TPMS_ATTEST), tpm2_quote -m", HelpName = "FILE", Required = true };
    private static readonly Option<string> s_signature = new("--signature") { Description = "Its signature (TPMT_SIGNATURE or bare), tpm2_quote -s", HelpName = "FILE", Required = true };

    private static readonly Option<string?> s_key = new("--ak")
    {
        Description = "The attestation key: TPM2B_PUBLIC, TPMT_PUBLIC, PEM, DER or an uncompressed point",
        HelpName = "FILE",
    };

    private static readonly Option<string?> s_keyFrom = new("--ak-from")
    {
        Description = "Take the attestation key from the public_key of this attestation document, which is verified first",
        HelpName = "DOC",
    };

    private static readonly Option<string?> s_nonce = new("--nonce") { Description = "The nonce that was asked for", HelpName = "HEX" };
    private static readonly Option<string?> s_nonceFile = new("--nonce-file") { Description = "The same from a file, as bytes", HelpName = "FILE" };
    private static readonly Option<string?> s_documentNonce = new("--document-nonce") { Description = "The nonce of the document of --ak-from", HelpName = "HEX" };
    private static readonly Option<string?> s_pcrs = new("--pcrs") { Description = "The quoted PCR values: tpm2_quote -o, or the digests one behind the other", HelpName = "FILE" };
    private static readonly Option<string?> s_log = new("--log") { Description = "An event log that leads to the quoted values", HelpName = "FILE" };

    private static readonly Option<string> s_hash = new("--hash")
    {
        Description = "Hash of a bare signature, which does not say it itself",
        HelpName = "sha256|sha384|sha512",
        DefaultValueFactory = _ => "sha256",
    };

    private static readonly ReferenceOptions s_reference = new();
    private static readonly DocumentOptions s_document = new();
    private static readonly Option<bool> s_json = new("--json") { Description = "Print the result as JSON (docs/schemas/quote.schema.json)" };

    public static Command Create() => new("quote", "Verify a TPM's quote.") { CreateVerify() };

    private static Command CreateVerify()
    {
        Command command = new(
            "verify",
            """
            Verify a TPM's quote: signature, nonce, its digest over PCR values or over what an event log leads to, and those values against a release.

            Every check is reported with its evidence. Exit code 0: everything that a verdict needs was checked and holds; 2: something does not hold;
            7: nothing fails, but the nonce, the digest, or PCR 4, 7, 12 or 13 was not compared with anything, so there is no verdict.

            Examples:
              measure quote verify --quote q.msg --signature q.sig --ak ak.pub --nonce 00112233 --pcrs q.pcrs --against out
              measure quote verify --quote q.msg --signature q.sig --ak ak.pem --nonce 00112233 --log binary_bios_measurements --against out
              measure quote verify --quote q.msg --signature q.sig --ak-from doc.cbor --nonce 00112233 --pcrs q.pcrs --against out
            """)
        {
            s_quote, s_signature, s_key, s_keyFrom, s_nonce, s_nonceFile, s_pcrs, s_log, s_reference.Against, s_reference.Pcr, s_hash,
            s_documentNonce, s_document.At, s_document.MaximumAge, s_document.Root, s_document.AllowTrailing, s_json,
        };
        s_hash.AcceptOnlyFromAmong("sha256", "sha384", "sha512");
        command.SetAction(Verify);
        return command;
    }

    private static int Verify(ParseResult parsed)
    {
        TpmAttestation quote = TpmAttestation.Read(Inputs.ReadFile(parsed.GetValue(s_quote)!));
        byte[] signature = Inputs.ReadFile(parsed.GetValue(s_signature)!);
        CheckReport report = new();
        using AttestationKey? key = ReadKey(parsed, report, out string? voucher);
        if (key is null)
        {
            report.Missing("signature", "there is no key to verify it with");
            return Print(parsed, new(report, quote, null));
        }

        QuotePolicy policy = WithClaim(parsed, new()
        {
            Nonce = Inputs.Bytes("--nonce", parsed.GetValue(s_nonce), parsed.GetValue(s_nonceFile)) is { } nonce ? nonce.AsMemory() : default(ReadOnlyMemory<byte>?),
            BareHash = TpmHash.TryParse(parsed.GetValue(s_hash)!, out TpmAlgorithm hash) ? hash : TpmAlgorithm.Sha256,
            ExpectedPcrs = bank => s_reference.Read(parsed, bank),
            KeyVouchedBy = voucher,
        });
        QuoteResult result = QuoteVerifier.Verify(quote, signature, key, policy);
        report.Include("", result.Report);
        return Print(parsed, result with { Report = report });
    }

    private static int Print(ParseResult parsed, QuoteResult result)
    {
        if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(parsed, json => QuoteJson.Write(result, json));
        }
        else
        {
            CheckText.Write(result.Report, "quote", parsed.InvocationConfiguration.Output);
        }

        return result.Report.ExitCode;
    }

    /// <summary>The key that was given, or the one that a document names; null when the document does not hold or names none.</summary>
    private static AttestationKey? ReadKey(ParseResult parsed, CheckReport report, out string? voucher)
    {
        voucher = null;
        switch (parsed.GetValue(s_key), parsed.GetValue(s_keyFrom))
        {
            case ({ } path, null):
                return AttestationKey.Read(Inputs.ReadFile(path));
            case (null, { } path):
                AttestationResult document = AttestationVerifier.Verify(s_document.ReadDocument(parsed, path), s_document.Read(parsed, TimeProvider.System) with
                {
                    Nonce = parsed.GetValue(s_documentNonce) is { } nonce ? Inputs.Hex("--document-nonce", nonce).AsMemory() : default(ReadOnlyMemory<byte>?),
                    Pcrs = s_reference.Read(parsed, TpmAlgorithm.Sha384),
                });
                report.Include("document.", document.Report);
                if (document.Verified?.Content.PublicKey is not { } publicKey)
                {
                    report.Check("key.origin", false, document.Verified is null ? "the document that names the key does not hold" : "the document names no key");
                    return null;
                }

                voucher = $"named by the attestation document of {document.Verified.Content.ModuleId}";
                return AttestationKey.Read(publicKey);
            default:
                throw new UserErrorException("give either --ak or --ak-from", "see \"measure quote verify --help\"", ExitCode.Usage);
        }
    }

    private static QuotePolicy WithClaim(ParseResult parsed, QuotePolicy policy)
    {
        switch (parsed.GetValue(s_pcrs), parsed.GetValue(s_log))
        {
            case ({ } path, null):
                byte[] pcrs = Inputs.ReadFile(path);
                return policy with { ClaimedPcrs = selections => PcrFile.Read(pcrs, selections), ClaimOrigin = Path.GetFileName(path) };
            case (null, { } path):
                byte[] log = Inputs.ReadFile(path);
                return policy with { ClaimedPcrs = selections => ReplayedPcrs.Select(ByteSource.FromMemory(log), selections), ClaimOrigin = Path.GetFileName(path) };
            case (null, null):
                return policy;
            default:
                throw new UserErrorException("--pcrs and --log exclude each other", exitCode: ExitCode.Usage);
        }
    }
}
