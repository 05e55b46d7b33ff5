using System.CommandLine;
using Mantle.Cli;
using Mantle.ImageBuilder.Packages.Locking;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder build</c>: from recipe and lock to a disk image, its UKI, its measurements.</summary>
internal static class BuildCommand
{
    private static readonly RecipeOptions s_recipe = new();
    private static readonly ArchiveOptions s_archive = new();

    private static readonly Option<string?> s_output = new("--output", "-o")
    {
        Description = "Folder for the finished files; replaced as a whole, or not at all [default: out; with --debug out-debug]",
        HelpName = "DIR",
    };

    private static readonly Option<bool> s_debug = new("--debug")
    {
        Description = "Build the debug twin instead: the same image with what the recipe declares under \"debug\"; no later command accepts it",
    };

    private static readonly Option<bool> s_plan = new("--plan") { Description = "Print the steps and do nothing" };
    private static readonly Option<bool> s_json = new("--json") { Description = "Print the result as JSON" };

    private static readonly Option<bool> s_timings = new("--timings") { Description = "Say what time each step took, and how much of it processors worked" };

    public static Command Create()
    {
        Command command = new(
            "build",
            """
            Build the disk image that recipe and lock describe, and predict its measurements.
            Needs no root, runs no program, and fetches only what the lock names.

              imagebuilder build appliance/appliance.yaml --output out
              imagebuilder build appliance/appliance.yaml --debug     the debug twin, into out-debug
            """);
        s_recipe.AddTo(command);
        command.Options.Add(s_output);
        command.Options.Add(s_debug);
        s_archive.AddTo(command);
        command.Options.Add(s_plan);
        command.Options.Add(s_json);
        command.Options.Add(s_timings);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(s_plan))
        {
            WritePlan(parsed, output);
            return ExitCode.Success;
        }

        string lockPath = s_recipe.LockPath(parsed);
        BuildRequest request = new()
        {
            RecipePath = s_recipe.RecipePath(parsed),
            LockPath = lockPath,
            OutputPath = parsed.GetValue(s_output) ?? (parsed.GetValue(s_debug) ? "out-debug" : "out"),
            Debug = parsed.GetValue(s_debug),
            CachePath = s_archive.CachePath(parsed),
            Locate = s_archive.Locator(parsed, () => LockFile.Read(lockPath)),
            ToolVersion = Program.Version,
        };
        BuildResult result;
        using (ConsoleProgress progress = new(parsed.InvocationConfiguration.Error))
        {
            result = await Build.RunAsync(request, progress, cancellation).ConfigureAwait(false);
        }

        if (parsed.GetValue(s_json))
        {
            WriteJson(parsed, request, result);
        }
        else
        {
            WriteText(output, request, result);
            if (parsed.GetValue(s_timings))
            {
                WriteTimings(output, result.Timings);
            }
        }

        return ExitCode.Success;
    }

    private static void WritePlan(ParseResult parsed, TextWriter output)
    {
        IReadOnlyList<BuildStep> plan = BuildPlan.For(parsed.GetValue(s_debug));
        if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(parsed, writer =>
            {
                writer.WriteStartArray("steps");
                foreach (BuildStep step in plan)
                {
                    writer.WriteStartObject();
                    writer.WriteString("name", step.Name);
                    writer.WriteString("description", step.Description);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
            });
            return;
        }

        for (int i = 0; i < plan.Count; i++)
        {
            output.WriteLine($"{i + 1,2}  {plan[i].Name,-10} {plan[i].Description}");
        }
    }

    private static void WriteText(TextWriter output, BuildRequest request, BuildResult result)
    {
        if (request.Debug)
        {
            TwinText.Write(output, result);
        }

        output.WriteLine(request.Debug ? $"root        {result.Files} files" : $"root        {result.Files} files, {result.Programs.Count} programs: {string.Join(", ", result.Programs.Select(p => "/" + p))}");
        output.WriteLine($"image       {Path.Combine(request.OutputPath, "image.raw")}, {result.ImageSize:N0} bytes, {result.ImageAllocated:N0} on disk");
        output.WriteLine($"sha256      {result.ImageSha256}");
        output.WriteLine($"root hash   {result.RootHash}");
        foreach (int pcr in s_shownPcrs)
        {
            output.WriteLine($"{$"PCR {pcr}",-11} sha384 {result.Pcr(pcr)}");
        }
    }

    private static void WriteTimings(TextWriter output, IReadOnlyList<StepTiming> timings)
    {
        output.WriteLine();
        output.WriteLine($"{"step",-10} {"ms",8} {"cpu ms",8}");
        foreach (StepTiming step in timings)
        {
            output.WriteLine($"{step.Name,-10} {step.Elapsed.TotalMilliseconds,8:F1} {step.Processor.TotalMilliseconds,8:F1}");
        }

        output.WriteLine($"{"total",-10} {timings.Sum(step => step.Elapsed.TotalMilliseconds),8:F1} {timings.Sum(step => step.Processor.TotalMilliseconds),8:F1}");
    }

    private static readonly int[] s_shownPcrs = [4, 7, 11, 12, 13];

    private static void WriteJson(ParseResult parsed, BuildRequest request, BuildResult result) => JsonOutput.Write(parsed, writer =>
    {
        writer.WriteString("output", request.OutputPath);
        writer.WriteString("imageSha256", result.ImageSha256);
        writer.WriteNumber("imageSize", result.ImageSize);
        writer.WriteNumber("imageAllocated", result.ImageAllocated);
        writer.WriteString("rootHash", result.RootHash);
        writer.WriteBoolean("debug", request.Debug);
        if (request.Debug)
        {
            writer.WriteString("sealedRootHash", result.SealedRootHash);
            TwinText.WriteJson(writer, result);
        }

        writer.WriteNumber("rootFiles", result.Files);
        writer.WriteTexts("rootPrograms", result.Programs.Select(program => "/" + program));
        writer.WriteStartObject("sha384");
        foreach (int pcr in s_shownPcrs)
        {
            writer.WriteString($"{pcr}", result.Pcr(pcr));
        }

        writer.WriteEndObject();
        if (parsed.GetValue(s_timings))
        {
            writer.WriteStartArray("timings");
            foreach (StepTiming step in result.Timings)
            {
                writer.WriteStartObject();
                writer.WriteString("step", step.Name);
                writer.WriteNumber("ms", Math.Round(step.Elapsed.TotalMilliseconds, 1));
                writer.WriteNumber("cpuMs", Math.Round(step.Processor.TotalMilliseconds, 1));
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }
    });
}
