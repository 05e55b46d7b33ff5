using System.Diagnostics;
using Mantle.Testing;

namespace Mantle.Demo;

/// <summary>
/// The folder in which people work, and the published tools that they use. Each command is run as they would run it, and told in the transcript.
/// </summary>
internal sealed class Workshop(string folder, Transcript transcript)
{
    /// <summary>A path in the folder.</summary>
    public string this[string name] => Path.Combine(folder, name);

    /// <summary>Writes a file of the folder.</summary>
    public void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(this[name])!);
        File.WriteAllText(this[name], text);
    }

    /// <summary>Runs <c>imagebuilder</c> and expects it to succeed.</summary>
    public string Build(params string[] arguments) => Succeed("imagebuilder", arguments, null, null);

    /// <summary>Runs <c>imagebuilder</c> with somebody's credentials for AWS.</summary>
    public string Build(IReadOnlyDictionary<string, string> credentials, params string[] arguments) => Succeed("imagebuilder", arguments, credentials, null);

    /// <summary>Runs <c>imagebuilder</c> with passphrases on descriptor 3.</summary>
    public string BuildWithPassphrase(string passphrases, params string[] arguments) => Succeed("imagebuilder", [.. arguments, "--passphrase-fd", "3"], null, passphrases);

    /// <summary>Runs <c>measure</c>; whatever it finds is the caller's to judge.</summary>
    public (int Code, string Output, string Error) Measure(params string[] arguments) => Run("measure", Tool("measure"), arguments, null, null);

    /// <summary>Runs a tool of the system, silently.</summary>
    public string System(string program, params string[] arguments)
    {
        (int code, string output, string error) = Start(program, arguments, null, null);
        return code == 0 ? output : throw new DemoException($"{program} {string.Join(' ', arguments)} ended with {code}: {error}");
    }

    /// <summary>Runs <c>imagebuilder</c> where it has to refuse.</summary>
    public string Refused(int expected, string passphrases, params string[] arguments)
    {
        (int code, string output, string error) = Run("imagebuilder", Tool("imagebuilder"), [.. arguments, "--passphrase-fd", "3"], null, passphrases);
        return code == expected ? output + error : throw new DemoException($"imagebuilder {string.Join(' ', arguments)} ended with {code}, not {expected}: {error}");
    }

    private static string Tool(string name) => BuildOutput.Require("dist", name);

    private string Succeed(string name, string[] arguments, IReadOnlyDictionary<string, string>? environment, string? passphrases)
    {
        (int code, string output, string error) = Run(name, Tool(name), arguments, environment, passphrases);
        return code == 0 ? output : throw new DemoException($"{name} {string.Join(' ', arguments)} ended with {code}: {error}");
    }

    private (int Code, string Output, string Error) Run(
        string name, string program, string[] arguments, IReadOnlyDictionary<string, string>? environment, string? passphrases)
    {
        (int code, string output, string error) = Start(program, arguments, environment, passphrases);
        transcript.Command($"{name} {string.Join(' ', arguments.Select(Quote))}", output.Length > 0 ? output : error);
        return (code, output, error);
    }

    private static string Quote(string argument) => argument.Contains(' ', StringComparison.Ordinal) ? $"'{argument}'" : argument;

    private (int Code, string Output, string Error) Start(
        string program, string[] arguments, IReadOnlyDictionary<string, string>? environment, string? passphrases)
    {
        // A passphrase reaches the program on a descriptor and stands in no argument and no variable; a pipe of the shell's makes that descriptor.
        string[] command = passphrases is null ? [program, .. arguments] : ["/bin/sh", "-c", "exec 3<&0 </dev/null; exec \"$@\"", "sh", program, .. arguments];
        ProcessStartInfo start = new(command[0], command[1..])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("AWS_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(passphrases ?? "");
        process.StandardInput.Close();
        process.WaitForExit();
        return (process.ExitCode, output.Result, error.Result);
    }
}
