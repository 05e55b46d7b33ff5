using System.CommandLine;
using Mantle.Cli;
using Mantle.Formats.Cose;
using Mantle.Formats.Tpm;
using Mantle.Measure.Attestation;
using Mantle.Measure.Checking;

namespace Mantle.Measure.Cli.Commands;

/// <summary><c>measure attest</c>: verifies and shows attestation documents of NitroTPM and Nitro Enclaves.</summary>
internal static class AttestCommand
{
    private static readonly Argument<string> s_document = new("DOC") { Description = "An attestation document: raw CBOR, base64 or hex" };
    private static readonly DocumentOptions s_options = new();
    private static readonly ReferenceOptions s_reference = new();
    private static readonly Option<string?> s_nonce = new("--nonce") { Description = "The nonce that was asked for", HelpName = "HEX" };
    private static readonly Option<string?> s_nonceFile = new("--nonce-file") { Description = "The same from a file, as bytes", HelpName = "FILE" };
    private static readonly Option<string?> s_userData = new("--user-data") { Description = "The user data that was asked for", HelpName = "HEX" };
    private static readonly Option<string?> s_userDataFile = new("--user-data-file") { Description = "The same from a file, as bytes", HelpName = "FILE" };
    private static readonly Option<string?> s_publicKey = new("--public-key") { Description = "The public key that was asked for: PEM, or the very bytes", HelpName = "FILE" };
    private static readonly Option<bool> s_json = new("--json") { Description = "Print the result as JSON (docs/schemas/attestation.schema.json)" };

    public static Command Create() => new("attest", "Verify or show an attestation document (NitroTPM, Nitro Enclave).") { CreateVerify(), CreateShow() };

    private static Command CreateVerify()
    {
        Command command = new(
            "verify",
            """
            Verify an attestation document: form, signature, certificates up to AWS's root, time, nonce, and the PCRs against a release.

            Every check is reported with its evidence. Exit code 0: everything that a verdict needs was checked and holds; 2: something does not
            hold; 7: nothing fails, but PCR 4, 7, 12 or 13 (an enclave's 0, 1 or 2) was not compared with anything, so there is no verdict.

            Examples:
              measure attest verify doc.cbor --against out --nonce 9f86d081884c7d65
              measure attest verify doc.b64 --against measurements.json --at document     one that was kept
              measure attest verify doc.cbor --pcr 4=92...a2 --pcr 7=98...35 --pcr 12=0 --pcr 13=0
              measure attest verify enclave.cbor --kind enclave --pcr 0=5c...a6 --pcr 1=00...23 --pcr 2=74...58
            """)
        {
            s_document, s_reference.Against, s_reference.Pcr, s_nonce, s_nonceFile, s_userData, s_userDataFile, s_publicKey,
            s_options.At, s_options.MaximumAge, s_options.Kind, s_options.Root, s_options.AllowTrailing, s_json,
        };
        command.SetAction(Verify);
        return command;
    }

    private static Command CreateShow()
    {
        Command command = new(
            "show",
            """
            Print what an attestation document claims, for a person. Nothing is verified.

            Examples:
              measure attest show doc.cbor
              measure attest show doc.b64 --json
            """)
        {
            s_document, s_options.AllowTrailing, s_json,
        };
        command.SetAction(Show);
        return command;
    }

    private static int Verify(ParseResult parsed)
    {
        AttestationPolicy policy = s_options.Read(parsed, TimeProvider.System) with
        {
            Nonce = Optional(Inputs.Bytes("--nonce", parsed.GetValue(s_nonce), parsed.GetValue(s_nonceFile))),
            UserData = Optional(Inputs.Bytes("--user-data", parsed.GetValue(s_userData), parsed.GetValue(s_userDataFile))),
            PublicKey = Optional(parsed.GetValue(s_publicKey) is { } path ? PublicKeyFile.Bytes(Inputs.ReadFile(path)) : null),
            Pcrs = s_reference.Read(parsed, TpmAlgorithm.Sha384),
        };
        AttestationResult result = AttestationVerifier.Verify(s_options.ReadDocument(parsed, parsed.GetValue(s_document)!), policy);
        if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(parsed, json => AttestationJson.Write(result, json));
        }
        else
        {
            CheckText.Write(result.Report, result.Document.UnverifiedContent.ModuleId, parsed.InvocationConfiguration.Output);
        }

        return result.Report.ExitCode;
    }

    private static int Show(ParseResult parsed)
    {
        SignedAttestationDocument document = s_options.ReadDocument(parsed, parsed.GetValue(s_document)!);
        if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(parsed, json => AttestationJson.WriteDocument(document, json));
        }
        else
        {
            AttestationDocumentPrinter.Print(document, parsed.InvocationConfiguration.Output);
        }

        return ExitCode.Success;
    }

    // Without the type, null would become no bytes.
    private static ReadOnlyMemory<byte>? Optional(byte[]? bytes) => bytes is null ? default(ReadOnlyMemory<byte>?) : bytes.AsMemory();
}
