using System.CommandLine;
using Mantle.Cli;
using Mantle.Formats.Bytes;
using Mantle.Measure.Comparison;
using Mantle.Measure.Impact;

namespace Mantle.Measure.Cli.Commands;

/// <summary><c>measure impact</c>: which PCRs a change moves, and which inputs do it.</summary>
internal static class ImpactCommand
{
    private static readonly string[] s_formats = ["text", "json", "markdown"];

    private static readonly Argument<string> s_a = new("A") { Description = "Before: a disk image, a UKI, an output folder, or a lock file" };
    private static readonly Argument<string> s_b = new("B") { Description = "After, of the same kind" };

    private static readonly Option<string> s_format = new("--format")
    {
        Description = "text; json; markdown: a comment for a pull request",
        HelpName = "text|json|markdown",
        DefaultValueFactory = _ => "text",
    };

    private static readonly Option<string> s_mustNotMove = new("--must-not-move")
    {
        Description = "PCRs that have to keep their values, such as 4,7; exit code 2 if one moves, may move, or is not known",
        HelpName = "N,…",
    };

    private static readonly Option<bool> s_json = new("--json") { Description = "The same as --format json" };

    public static Command Create()
    {
        s_format.CompletionSources.Add(s_formats);
        Command command = new(
            "impact",
            """
            Say which PCRs a change moves and which inputs move them, before it is merged.

            From two images or output folders the answer is exact. From two lock files it says what may move: packages reach PCRs
            by what they are used for.

            Examples:
              measure impact old/out new/out
              measure impact old/out new/out --format markdown > comment.md
              measure impact old.lock.json new.lock.json --must-not-move 7,12,13
            """)
        {
            s_a, s_b, s_format, s_mustNotMove, s_json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        string format = parsed.GetValue(s_json) ? "json" : parsed.GetValue(s_format)!;
        if (!s_formats.Contains(format))
        {
            throw new UserErrorException($"format \"{format}\" is none of {string.Join(", ", s_formats)}", "see \"measure impact --help\"", ExitCode.Usage);
        }

        int[] forbidden = PcrSet.Parse(parsed.GetValue(s_mustNotMove) ?? "");
        ImpactReport report = Compare(parsed.GetValue(s_a)!, parsed.GetValue(s_b)!);
        int unknown = forbidden.FirstOrDefault(index => report.Pcrs.All(pcr => pcr.Index != index), -1);
        if (unknown >= 0)
        {
            throw new UserErrorException(
                $"whether PCR {unknown} moves cannot be told from these inputs", report.Notes.Count > 0 ? report.Notes[0] : "give two images", ExitCode.Malformed);
        }

        TextWriter output = parsed.InvocationConfiguration.Output;
        switch (format)
        {
            case "json":
                JsonOutput.Write(parsed, json => ImpactText.WriteMembers(json, report, forbidden));
                break;
            case "markdown":
                ImpactText.WriteMarkdown(report, output);
                break;
            default:
                ImpactText.Write(report, output);
                break;
        }

        return report.Moving.Intersect(forbidden).Any() ? ExitCode.Mismatch : ExitCode.Success;
    }

    private static ImpactReport Compare(string a, string b)
    {
        if (Directory.Exists(a) && Directory.Exists(b))
        {
            return ImpactReport.From(ImageComparer.Compare(Files(a), Files(b)));
        }

        const string What = "an image, a UKI, an output folder or a lock file, both of the same kind";
        ByteSource sourceA = InputSource.Open(a, What);
        ByteSource sourceB = InputSource.Open(b, What);
        return LockImpact.IsLock(sourceA) && LockImpact.IsLock(sourceB)
            ? LockImpact.Compare(sourceA, sourceB)
            : ImpactReport.From(ImageComparer.Compare(sourceA, sourceB));
    }

    private static SortedDictionary<string, ByteSource> Files(string folder)
    {
        SortedDictionary<string, ByteSource> files = new(StringComparer.Ordinal);
        foreach (FileInfo file in new DirectoryInfo(folder).EnumerateFiles())
        {
            files.Add(file.Name, ByteSource.OpenFile(file.FullName));
        }

        return files;
    }
}
