using System.CommandLine;
using Mantle.Cli;
using Mantle.Formats.Bytes;
using Mantle.Measure.Audit;
using Mantle.Measure.Audit.Channels;
using Mantle.Measure.Audit.Reporting;
using Mantle.Measure.Audit.Rules;
using Microsoft.Win32.SafeHandles;

namespace Mantle.Measure.Cli.Commands;

/// <summary><c>measure audit</c>: whether the bytes of an image are sealed.</summary>
internal static class AuditCommand
{
    private const string TextFormat = "text";
    private const string JsonFormat = "json";
    private const string SarifFormat = "sarif";

    private static readonly string[] s_formats = [TextFormat, JsonFormat, SarifFormat];

    private static readonly Argument<FileInfo> s_input = new("IMAGE")
    {
        Description = "A raw disk image, a unified kernel image, a kernel, a file system or an initrd",
    };

    private static readonly Option<string> s_format = new("--format")
    {
        Description = "text: for people, worst first; json: the same for programs; sarif: SARIF 2.1.0 for code scanning",
        HelpName = "text|json|sarif",
        DefaultValueFactory = _ => TextFormat,
    };

    private static readonly Option<bool> s_json = new("--json") { Description = "The same as --format json" };

    private static readonly Option<FileInfo?> s_rules = new("--rules") { Description = "Other rules than those that this program carries", HelpName = "FILE" };

    private static readonly Option<FileInfo?> s_waivers = new("--waivers") { Description = "Findings that somebody answers for, until a day", HelpName = "FILE" };

    private static readonly Option<string?> s_at = new("--at")
    {
        Description = "The day that waivers are judged for: the release's epoch [default: today, UTC]",
        HelpName = "YYYY-MM-DD",
    };

    private static readonly Option<bool> s_channels = new("--channels")
    {
        Description = "Answer for every way in or out of an EC2 instance what closes it, instead of listing findings",
    };

    public static Command Create(TimeProvider time)
    {
        s_format.CompletionSources.Add(s_formats);
        Command command = new(
            "audit",
            """
            Decide from an image's bytes whether it is sealed: whether anything in it lets a person in.

            Opens the disk, its partitions, every unified kernel image and initrd on them, and images inside files, and applies
            the seal rules to each. What cannot be read is named, and then the verdict is never "sealed".

            Exit code 0: sealed. 2: there are findings. 7: no finding, but not everything could be looked into.

            Examples:
              measure audit out/image.raw
              measure audit out/image.raw --format sarif > audit.sarif
              measure audit out/image.raw --channels
              measure audit image.raw --waivers waivers.yaml --at 2026-11-21
              measure audit initrd.img --rules policies/seal.yaml
            """)
        {
            s_input, s_format, s_json, s_rules, s_waivers, s_at, s_channels,
        };
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(parsed, time, cancellation)));
        return command;
    }

    private static int Run(ParseResult parsed, TimeProvider time, CancellationToken cancellation)
    {
        string format = parsed.GetValue(s_json) ? JsonFormat : parsed.GetValue(s_format)!;
        string? problem = !s_formats.Contains(format) ? $"format \"{format}\" is none of {string.Join(", ", s_formats)}"
            : parsed.GetValue(s_json) && parsed.GetResult(s_format) is { Implicit: false } && parsed.GetValue(s_format) != JsonFormat ? "--json and --format exclude each other"
            : parsed.GetValue(s_channels) && format == SarifFormat ? "--channels has no SARIF form: a channel is no finding"
            : null;
        if (problem is not null)
        {
            throw new UserErrorException(problem, "see \"measure audit --help\"", ExitCode.Usage);
        }

        FileInfo file = parsed.GetValue(s_input)!;
        AuditOptions options = new()
        {
            InputName = file.Name,
            Rules = parsed.GetValue(s_rules) is { } rules ? RuleSet.Read(rules.ToString()) : RuleSet.BuiltIn,
            Waivers = parsed.GetValue(s_waivers) is { } waivers ? WaiverReader.Read(waivers.ToString()) : [],
            At = parsed.GetValue(s_at) is { } at ? Date(at) : DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime),
            Workers = Environment.ProcessorCount,
            SpoolFolder = SpoolFolder.Find(),
        };
        using SafeFileHandle handle = InputFile.Open(file, "a disk image, a unified kernel image, a file system or an initrd");
        AuditReport report = Auditor.Audit(ByteSource.FromFile(handle), options, cancellation);
        Print(parsed, report, format);
        return report.Verdict switch
        {
            AuditVerdict.Sealed => ExitCode.Success,
            AuditVerdict.Findings => ExitCode.Mismatch,
            _ => ExitCode.Unverified,
        };
    }

    private static void Print(ParseResult parsed, AuditReport report, string format)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        IReadOnlyList<ChannelAnswer>? channels = parsed.GetValue(s_channels) ? ChannelInventory.Answer(report) : null;
        if (format == TextFormat && channels is not null)
        {
            ChannelText.Write(channels, output);
            return;
        }

        if (format == TextFormat)
        {
            AuditText.Write(report, output);
            return;
        }

        using MemoryStream json = new();
        if (channels is not null)
        {
            ChannelJson.Write(report, channels, json);
        }
        else if (format == JsonFormat)
        {
            AuditJson.Write(report, json);
        }
        else
        {
            AuditSarif.Write(report, Program.Version, json);
        }

        output.Write(System.Text.Encoding.UTF8.GetString(json.GetBuffer(), 0, (int)json.Length));
    }

    private static DateOnly Date(string text) => UtcTime.TryParseDay(text, out DateOnly date)
        ? date
        : throw new UserErrorException($"--at is \"{text}\"; it must be a date such as 2026-11-21", exitCode: ExitCode.Usage);
}
