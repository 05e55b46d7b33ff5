using System.Diagnostics;
using Xunit;

namespace Mantle.Testing;

/// <summary>
/// Foreign tools that say whether we are right. A missing one skips the test on a laptop and fails it in CI.
/// </summary>
public static class Oracle
{
    private static readonly string[] s_folders =
        [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), "/usr/sbin", "/sbin", "/usr/lib/systemd"];

    public static bool InContinuousIntegration => Environment.GetEnvironmentVariable("CI") == "true";

    /// <summary>The full path of a tool; skips or fails the test without it.</summary>
    public static string Require(string tool)
    {
        string? path = s_folders.Select(folder => Path.Combine(folder, tool)).FirstOrDefault(File.Exists);
        if (path is null)
        {
            Missing($"\"{tool}\" is not installed");
        }

        return path!;
    }

    /// <summary>Skips the test on a laptop, fails it in CI.</summary>
    public static void Missing(string what)
    {
        if (InContinuousIntegration)
        {
            Assert.Fail($"MISSING ORACLE: {what} (run \"make test\", which installs it)");
        }

        Assert.Skip($"MISSING ORACLE: {what} (run \"make test\", which installs it)");
    }

    /// <summary>Runs a tool and returns exit code, standard output and standard error. Killed after <paramref name="seconds"/>.</summary>
    public static (int ExitCode, string Output, string Error) Run(string tool, IEnumerable<string> arguments, int seconds = 120)
    {
        ProcessStartInfo start = new(Require(tool), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromSeconds(seconds)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{tool} did not end within {seconds} s");
        }

        return (process.ExitCode, output.Result, error.Result);
    }

    /// <summary>Runs a tool that must succeed and returns its standard output.</summary>
    public static string Succeed(string tool, params IEnumerable<string> arguments)
    {
        (int exitCode, string output, string error) = Run(tool, arguments);
        Assert.True(exitCode == 0, $"{tool} {string.Join(' ', arguments)} exited with {exitCode}: {error}{output}");
        return output;
    }
}
