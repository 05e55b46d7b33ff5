using System.CommandLine;
using System.Text.Json;
using Mantle.Cli;
using Mantle.ImageBuilder.Binding;
using Mantle.Measure;
using Mantle.Measure.Checking;
using Mantle.Measure.KeyPolicy.Plans;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary>What <c>bind</c> and <c>bind status</c> share.</summary>
internal static class BindOptions
{
    public static Argument<string> Plan { get; } = new("PLAN") { Description = "A binding plan (docs/key-policy.md)" };

    public static Option<bool> Json { get; } = new("--json") { Description = "Print the result as JSON (docs/schemas/binding.schema.json)" };

    public static BindRequest Request(ParseResult parsed)
    {
        string path = parsed.GetValue(Plan)!;
        return new() { Plan = PlanReader.ReadFile(path), Purpose = $"Mantle key of {Path.GetFileName(path)}", Time = TimeProvider.System };
    }

    /// <summary>Prints the result and returns the exit code.</summary>
    public static int Finish(ParseResult parsed, BindResult result)
    {
        if (parsed.GetValue(Json))
        {
            JsonOutput.Write(parsed, json => Write(json, result));
        }
        else
        {
            Write(parsed.InvocationConfiguration.Output, result);
        }

        return result.Report?.ExitCode ?? ExitCode.Success;
    }

    private static void Write(TextWriter output, BindResult result)
    {
        foreach (string change in result.Changes)
        {
            output.Write($"{(result.IsDone ? "done" : "to do"),-13}{change}\n");
        }

        if (result.Report is { } report)
        {
            CheckText.Write(report, result.KeyArn!, output);
        }
    }

    private static void Write(Utf8JsonWriter json, BindResult result)
    {
        json.WriteString("key", result.KeyArn);
        json.WriteBoolean("done", result.IsDone);
        json.WriteTexts("changes", result.Changes);
        if (result.Report is { } report)
        {
            CheckJson.Write(report, json);
        }
    }
}
