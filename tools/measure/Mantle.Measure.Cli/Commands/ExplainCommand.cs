using System.CommandLine;
using Mantle.Cli;
using Mantle.Formats.Bytes;
using Mantle.Formats.Cose;
using Mantle.Measure.Attestation;
using Mantle.Measure.EventLogs;
using Mantle.Measure.Explain;

namespace Mantle.Measure.Cli.Commands;

/// <summary><c>measure explain</c>: why a machine's PCRs are not the expected ones.</summary>
internal static class ExplainCommand
{
    private static readonly Option<string> s_expected = new("--expected")
    {
        Description = "What should have booted: an output folder, measurements.json, a disk image or a UKI",
        HelpName = "RELEASE",
        Required = true,
    };

    private static readonly Option<string> s_actual = new("--actual")
    {
        Description = "What the machine says: an event log, a list of PCR values, a folder like /sys/class/tpm/tpm0, or an attestation document of a NitroTPM",
        HelpName = "FILE",
        Required = true,
    };

    private static readonly Option<string> s_pcrs = new("--pcrs") { Description = "The TPM's values, to check a log given as --actual with", HelpName = "FILE" };

    private static readonly Option<string[]> s_known = new("--known")
    {
        Description = "A known release, or a folder of known releases; repeatable",
        HelpName = "FOLDER",
    };

    private static readonly Option<string[]> s_word = new("--word")
    {
        Description = "Words that could have come into the kernel command line; repeatable",
        HelpName = "WORDS",
    };

    private static readonly Option<bool> s_json = new("--json") { Description = "Print the result as JSON" };

    public static Command Create()
    {
        Command command = new(
            "explain",
            """
            Say why a machine's PCRs differ from the expected ones, offline.

            With an event log: the first event of each PCR that differs, and what it was made of. With values only: a search over
            single and paired causes. A cause is named only if it leads to exactly the machine's values; otherwise the answer is
            "not explained" with what was ruled out. Exit code 0: equal; 2: different.

            Examples:
              measure explain --expected out --actual /sys/class/tpm/tpm0
              measure explain --expected measurements.json --actual pcrs.txt --known releases --word console=ttyS0
              measure explain --expected out --actual eventlog.bin --pcrs pcrs.txt --json
              measure explain --expected out --actual document.cbor --credential suspect.cred
            """)
        {
            s_expected, s_actual, s_pcrs, s_known, s_word, s_json,
        };
        foreach (Option option in ExtrasOptions.Suspects)
        {
            command.Add(option);
        }

        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        ExpectedBoot expected = ReleaseInput.Open(parsed.GetValue(s_expected)!);
        ActualValues actual = OpenActual(parsed.GetValue(s_actual)!, parsed.GetValue(s_pcrs));
        ExpectedBoot[] known = [.. (parsed.GetValue(s_known) ?? []).SelectMany(ReleaseInput.OpenAll)];
        Explanation explanation = Explainer.Explain(expected, actual, known, parsed.GetValue(s_word) ?? [], ExtrasOptions.Read(parsed));
        if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(parsed, json => ExplanationJson.WriteMembers(json, explanation));
        }
        else
        {
            ExplanationText.Write(explanation, parsed.InvocationConfiguration.Output);
        }

        return explanation.IsEqual ? ExitCode.Success : ExitCode.Mismatch;
    }

    private static ActualValues OpenActual(string path, string? pcrs)
    {
        if (Directory.Exists(path))
        {
            return new(path, PcrFolder.Read(path));
        }

        ByteSource source = InputSource.Open(path, "an event log or a list of PCR values");
        byte[] start = source.ReadBytes(0, (int)Math.Min(source.Length, 1 << 16), "input");
        if (DocumentIn(start, source) is { } document)
        {
            return pcrs is null
                ? ActualValues.FromDocument(path, document)
                : throw new UserErrorException("--pcrs goes with an event log", $"\"{path}\" has values itself", ExitCode.Usage);
        }

        if (!LoadedLog.LooksLikeLog(start))
        {
            return pcrs is null
                ? new(path, PcrListReader.Read(source, keepOtherSizes: true))
                : throw new UserErrorException("--pcrs goes with an event log", $"\"{path}\" is a list of values itself", ExitCode.Usage);
        }

        LogReplay replay = LogReplay.Of(LoadedLog.Read(source));
        if (!replay.IsWhole)
        {
            throw new UserErrorException($"\"{path}\" is not whole, so that its values are not the TPM's", $"see \"measure replay {path}\"");
        }

        if (pcrs is not null)
        {
            replay = replay.CompareWith(InputSource.OpenValues(pcrs));
            if (replay.Checks.Any(check => check.Agreement == PcrAgreement.Different))
            {
                throw new UserErrorException($"\"{path}\" is not the log of what \"{pcrs}\" holds", $"see \"measure replay {path} --pcrs {pcrs}\"", ExitCode.Mismatch);
            }
        }

        return ActualValues.FromLog(path, replay);
    }

    /// <summary>The document that the bytes are, in CBOR, base64 or hexadecimal; null if they do not begin as COSE_Sign1 does.</summary>
    private static AttestationDocument? DocumentIn(byte[] start, ByteSource source)
    {
        const byte Tagged = 0xc0 | CoseSign1.Tag;
        const byte ArrayOfFour = 0x84;
        bool isDocument = DocumentFile.Decode(start) is [Tagged, ArrayOfFour, ..] or [ArrayOfFour, >= 0x40 and < 0x60, ..];
        return isDocument && source.Length <= start.Length ? SignedAttestationDocument.Read(DocumentFile.Decode(start)).UnverifiedContent : null;
    }
}
