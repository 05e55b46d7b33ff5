using System.CommandLine;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;
using Mantle.Measure.Release;
using Microsoft.Win32.SafeHandles;

namespace Mantle.Measure.Cli.Commands;

/// <summary><c>measure predict</c>: what a TPM will hold after an image has booted.</summary>
internal static class PredictCommand
{
    private const string TextFormat = "text";
    private const string JsonFormat = "json";
    private const string AwsFormat = "aws";
    private const string SystemdFormat = "systemd";
    private const string CelFormat = "cel";

    private static readonly string[] s_formats = [TextFormat, JsonFormat, AwsFormat, SystemdFormat, CelFormat];

    private static readonly Argument<FileInfo> s_input = new("IMAGE|UKI")
    {
        Description = "A raw disk image with a GPT, or a unified kernel image (a PE file)",
    };

    private static readonly Option<string[]> s_bank = new("--bank")
    {
        Description = "A bank of PCRs: sha1, sha256, sha384 or sha512; repeatable [default: sha256 and sha384]",
        HelpName = "BANK",
    };

    private static readonly Option<bool> s_allBanks = new("--all-banks") { Description = "All four banks" };

    private static readonly Option<int[]> s_pcr = new("--pcr")
    {
        Description = "A PCR, 0 to 15; repeatable [default: all that the input determines]",
        HelpName = "N",
    };

    private static readonly Option<string> s_format = new("--format")
    {
        Description = "text: events, digests and where they come from; json: the same for programs; aws: what nitro-tpm-pcr-compute prints; "
            + "systemd: a .pcrlock file; cel: TCG Canonical Event Log",
        HelpName = "text|json|aws|systemd|cel",
        DefaultValueFactory = _ => TextFormat,
    };

    private static readonly Option<bool> s_json = new("--json") { Description = "The same as --format json" };

    public static Command Create()
    {
        s_bank.CompletionSources.Add([.. TpmHash.Computable.Select(bank => bank.Name())]);
        s_format.CompletionSources.Add(s_formats);
        s_pcr.CompletionSources.Add([.. PredictionOptions.KnownPcrs.Select(index => $"{index}")]);
        Command command = new(
            "predict",
            """
            Predict what a TPM measures when an image boots, from the image's bytes and what is said about the machine.

            Every PCR is shown as its ordered events, each with its digest, what it measures and which input it comes from,
            and as the value that they lead to. PCR 5 needs a disk image, for it measures the partition table. PCR 7 with Secure
            Boot needs the variables; an image that they do not let start is an error (exit code 2).

            Examples:
              measure predict out/image.raw                         all PCRs, banks sha256 and sha384, Secure Boot off
              measure predict out/uki.efi --pcr 11 --bank sha256    one PCR of one bank
              measure predict out/image.raw --uefi-data uefi.txt    with the keys of an AMI, Secure Boot on
              measure predict uki.efi --pk pk.esl --kek kek.esl --db db.esl --dbx dbx.esl
              measure predict uki.efi --db ca.pem --pk ca.pem --owner 77fa9abd-0359-4d32-bd60-28f4e78f784b
              measure predict uki.efi --credential a.cred --cmdline-extra debug --pcr 12
              measure predict out/image.raw --format aws            for a key policy on EC2
              measure predict out/image.raw --json > measurements.json
            """)
        {
            s_input, s_bank, s_allBanks, s_pcr, s_format, s_json,
        };
        foreach (Option option in FirmwareOptions.All.Concat(ExtrasOptions.All))
        {
            command.Add(option);
        }

        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        bool allBanks = parsed.GetValue(s_allBanks);
        string[] bankNames = parsed.GetValue(s_bank) ?? [];
        int[] pcrs = parsed.GetValue(s_pcr) ?? [];
        string format = parsed.GetValue(s_json) ? JsonFormat : parsed.GetValue(s_format)!;
        CheckUsage(parsed, allBanks, bankNames, pcrs, format);

        FileInfo file = parsed.GetValue(s_input)!;
        PredictionOptions options = ExtrasOptions.Apply(parsed, FirmwareOptions.Apply(parsed, new() { InputName = file.Name }));
        if (format == AwsFormat)
        {
            options = options with { Banks = [TpmAlgorithm.Sha384], Pcrs = AwsMeasurements.Pcrs };
        }
        else
        {
            options = options with
            {
                Banks = allBanks ? TpmHash.Computable : bankNames.Length == 0 ? options.Banks : [.. bankNames.Select(Bank)],
                Pcrs = pcrs.Length == 0 ? options.Pcrs : pcrs,
            };
        }

        ImagePrediction prediction = Predict(file, options);
        if (pcrs.Length > 0 && prediction.Unpredicted is [UnpredictedPcr unknown, ..])
        {
            throw new UserErrorException($"PCR {unknown.Index} cannot be predicted: {unknown.Reason}", "leave it out");
        }

        TextWriter output = parsed.InvocationConfiguration.Output;
        switch (format)
        {
            case TextFormat:
                PredictionText.Write(prediction, output);
                break;
            case AwsFormat:
                output.Write(AwsMeasurements.Format(prediction) + "\n");
                break;
            case SystemdFormat:
                output.Write(PcrlockFile.Format(prediction) + "\n");
                break;
            case CelFormat:
                output.Write(CanonicalEventLog.Format(prediction) + "\n");
                break;
            default:
                using (MemoryStream json = new())
                {
                    MeasurementsDocument.Write(prediction, json);
                    output.Write(System.Text.Encoding.UTF8.GetString(json.GetBuffer(), 0, (int)json.Length));
                }

                break;
        }

        return ExitCode.Success;
    }

    private static void CheckUsage(ParseResult parsed, bool allBanks, string[] bankNames, int[] pcrs, string format)
    {
        string? problem =
            !s_formats.Contains(format) ? $"format \"{format}\" is none of {string.Join(", ", s_formats)}"
            : allBanks && bankNames.Length > 0 ? "--bank and --all-banks exclude each other"
            : parsed.GetValue(s_json) && parsed.GetResult(s_format) is { Implicit: false } && format != parsed.GetValue(s_format) ? "--json and --format exclude each other"
            : format == AwsFormat && (allBanks || bankNames.Length > 0 || pcrs.Length > 0) ? "--format aws has its own bank and PCRs: sha384 of 4, 7 and 12"
            : null;
        if (problem is not null)
        {
            throw new UserErrorException(problem, "see \"measure predict --help\"", ExitCode.Usage);
        }
    }

    private static ImagePrediction Predict(FileInfo file, PredictionOptions options)
    {
        using SafeFileHandle handle = InputFile.Open(file, "a disk image or a unified kernel image");
        ByteSource image = ByteSource.FromFile(handle);
        string manifest = Path.Combine(file.DirectoryName!, ReleaseFiles.Manifest);
        return Predictor.Predict(image, File.Exists(manifest)
            ? options with { Packages = SourcePackages.Of(ByteSource.OpenFile(manifest), file.Name, image.Length) }
            : options);
    }

    private static TpmAlgorithm Bank(string name) => TpmHash.TryParse(name, out TpmAlgorithm bank)
        ? bank
        : throw new UserErrorException($"bank \"{name}\" is none of {string.Join(", ", TpmHash.Computable.Select(b => b.Name()))}", exitCode: ExitCode.Usage);
}
