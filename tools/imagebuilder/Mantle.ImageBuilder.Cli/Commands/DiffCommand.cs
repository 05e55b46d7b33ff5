using System.CommandLine;
using Mantle.Formats.Bytes;
using Mantle.Measure;
using Mantle.Measure.Comparison;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder diff</c>: where two images differ, why that is likely, and which PCRs move.</summary>
internal static class DiffCommand
{
    private static readonly Argument<string> s_a = new("A") { Description = "A disk image, a UKI, a program, or the output folder of a build" };
    private static readonly Argument<string> s_b = new("B") { Description = "What to compare it with, of the same kind" };
    private static readonly Option<bool> s_all = new("--all") { Description = "List every difference, not only the first 40" };
    private static readonly Option<bool> s_json = new("--json") { Description = "Print the result as JSON" };

    public static Command Create()
    {
        Command command = new(
            "diff",
            """
            Compare two images from the disk down to the bytes: partitions, files, sections of the UKI, packages, PCRs.
            Names the first difference with its likely cause. Exit code 0: equal; 2: different.

              imagebuilder diff out ../other/out
              imagebuilder diff yesterday.raw today.raw --json
            """)
        {
            s_a, s_b, s_all, s_json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        ImageComparison comparison = Compare(parsed.GetValue(s_a)!, parsed.GetValue(s_b)!);
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(s_json))
        {
            using MemoryStream json = new();
            ComparisonJson.Write(comparison, json);
            output.Write(System.Text.Encoding.UTF8.GetString(json.ToArray()));
        }
        else
        {
            ComparisonText.Write(comparison, output, parsed.GetValue(s_all));
        }

        return comparison.AreEqual ? ExitCode.Success : ExitCode.Mismatch;
    }

    private static ImageComparison Compare(string a, string b)
    {
        foreach (string path in (string[])[a, b])
        {
            if (!Path.Exists(path))
            {
                throw new UserErrorException($"diff: \"{path}\" does not exist", "name a file or the output folder of a build", ExitCode.Environment);
            }
        }

        return (Directory.Exists(a), Directory.Exists(b)) switch
        {
            (true, true) => ImageComparer.Compare(Files(a), Files(b)),
            (false, false) => ImageComparer.Compare(ByteSource.OpenFile(a), ByteSource.OpenFile(b)),
            _ => throw new UserErrorException($"diff: one of \"{a}\" and \"{b}\" is a folder", "compare two files or two folders", ExitCode.Usage),
        };
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
