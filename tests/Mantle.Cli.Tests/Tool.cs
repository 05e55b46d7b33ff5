using System.Diagnostics;
using System.Runtime.InteropServices;
using Mantle.Testing;

namespace Mantle.Cli.Tests;

/// <summary>What a run of an executable came to.</summary>
internal sealed record ToolResult(int ExitCode, string Output, string Error);

/// <summary>The real executables, with an environment of which every part is chosen here.</summary>
internal static partial class Tool
{
    private const int SecondsToEnd = 120;

    public const int Interrupt = 2;
    public const int Kill = 9;
    public const int Terminate = 15;

    /// <summary>The newest of what was built and what "make tools" has published.</summary>
    public static string PathOf(string name)
    {
        string project = name == "measure" ? "Mantle.Measure.Cli" : "Mantle.ImageBuilder.Cli";
#if DEBUG
        const string Configuration = "debug";
#else
        const string Configuration = "release";
#endif
        string built = Repository.PathOf("artifacts", "bin", project, Configuration, name);
        string published = Repository.PathOf("dist", name);
        return File.Exists(published) && File.GetLastWriteTimeUtc(published) > File.GetLastWriteTimeUtc(built) ? published : built;
    }

    public static Process Start(string folder, string name, params IEnumerable<string> arguments) => StartWith(new Dictionary<string, string>(), folder, name, arguments);

    public static Process StartWith(IReadOnlyDictionary<string, string> environment, string folder, string name, params IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(PathOf(name), arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string? runtime = Environment.GetEnvironmentVariable("DOTNET_ROOT");
        string? path = Environment.GetEnvironmentVariable("PATH");
        start.Environment.Clear();
        start.Environment["PATH"] = path;
        start.Environment["HOME"] = Path.Combine(folder, "home");
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["TZ"] = "UTC";
        if (runtime is not null)
        {
            start.Environment["DOTNET_ROOT"] = runtime;
        }

        foreach ((string variable, string value) in environment)
        {
            start.Environment[variable] = value;
        }

        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    public static ToolResult Run(string folder, string name, params IEnumerable<string> arguments) => End(Start(folder, name, arguments));

    public static ToolResult End(Process process)
    {
        using (process)
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> error = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(TimeSpan.FromSeconds(SecondsToEnd)))
            {
                process.Kill();
                Assert.Fail($"no end within {SecondsToEnd} s");
            }

            return Checked(new(process.ExitCode, output.Result, error.Result));
        }
    }

    /// <summary>Sends a signal while the process runs; nothing happens once it has ended.</summary>
    public static void Send(Process process, int signal) => _ = kill(process.Id, signal);

    /// <summary>What holds of every run: no stack, and of a failed one a line that says what is wrong, with at most one hint behind it.</summary>
    public static ToolResult Checked(ToolResult result)
    {
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", result.Error, StringComparison.Ordinal);
        string[] lines = result.Error.Split('\n');
        int errors = lines.Count(line => line.Contains(": error: ", StringComparison.Ordinal));
        int hints = lines.Count(line => line.Contains(": hint: ", StringComparison.Ordinal));
        bool silent = result.ExitCode is 0 or 128 + Kill || (result.ExitCode is 2 or 7 && result.Output.Length > 0);
        Assert.True(errors == (silent ? 0 : 1) && hints <= errors, $"exit code {result.ExitCode}, standard error:\n{result.Error}");
        return result;
    }

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}
