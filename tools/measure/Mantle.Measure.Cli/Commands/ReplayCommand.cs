using System.CommandLine;
using Mantle.Cli;
using Mantle.Formats.Tpm;
using Mantle.Measure.EventLogs;

namespace Mantle.Measure.Cli.Commands;

/// <summary><c>measure replay</c>: what a firmware's event log says, what it leads to, and whether that is what the TPM holds.</summary>
internal static class ReplayCommand
{
    private static readonly Argument<string> s_log = new("LOG")
    {
        Description = "A TCG event log: binary_bios_measurements of Linux, a measured boot log of Windows, or a canonical event log in JSON",
    };

    private static readonly Option<string> s_pcrs = new("--pcrs")
    {
        Description = "The TPM's values: what tpm2_pcrread prints, lines \"index: hex\", measurements.json, or a folder like /sys/class/tpm/tpm0",
        HelpName = "FILE",
    };

    private static readonly Option<string[]> s_bank = BankOption.Create("A bank to show; repeatable [default: all that the log has]");
    private static readonly Option<bool> s_json = new("--json") { Description = "Print the result as JSON" };

    public static Command Create()
    {
        Command command = new(
            "replay",
            """
            Explain an event log, replay it, and compare the result with a TPM's values.

            Every event is shown with what it means and with what its digest says about its text. Known defects of firmware
            are named. Exit code 0: the log could be replayed, and is what the TPM measured if values were given; 2: it is not;
            3: it is cut off, damaged or no log.

            Examples:
              measure replay /sys/kernel/security/tpm0/binary_bios_measurements --pcrs /sys/class/tpm/tpm0
              tpm2_pcrread > pcrs.txt; measure replay eventlog.bin --pcrs pcrs.txt --bank sha256
              measure replay 0000000012-0000000000.log --json
            """)
        {
            s_log, s_pcrs, s_bank, s_json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        IReadOnlyList<TpmAlgorithm> banks = BankOption.Parse(parsed.GetValue(s_bank));
        LogReplay replay = LogReplay.Of(LoadedLog.Read(InputSource.Open(parsed.GetValue(s_log)!, "a TCG event log")));
        if (parsed.GetValue(s_pcrs) is { } values)
        {
            replay = replay.CompareWith(InputSource.OpenValues(values));
        }

        if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(parsed, json => ReplayJson.WriteMembers(json, replay, banks));
        }
        else
        {
            ReplayText.Write(replay, banks, parsed.InvocationConfiguration.Output);
        }

        return !replay.IsWhole ? ExitCode.Malformed
            : replay.Checks.Any(check => check.Agreement == PcrAgreement.Different) ? ExitCode.Mismatch
            : ExitCode.Success;
    }
}
