using System.Diagnostics;
using System.Text;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Running;

/// <summary>
/// A program that ends when we do, however we end: a shell holds the other end of a pipe from us and kills the program when the pipe closes. It is the one
/// place of the tools where a program is started; nothing that is built depends on what it does.
/// </summary>
internal sealed class SupervisedProcess : IDisposable
{
    private const int MostOutput = 1 << 16;

    private const string Supervisor =
        """
        exec 4<&0
        "$@" </dev/null 4<&- &
        program=$!
        ( read -r line <&4; kill -9 $program ) 2>/dev/null &
        watch=$!
        wait $program
        code=$?
        kill $watch 2>/dev/null
        exit $code
        """;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly StringBuilder _output = new();

    public SupervisedProcess(string program, IEnumerable<string> arguments)
    {
        Name = Path.GetFileName(program);
        ProcessStartInfo start = new("/bin/sh", ["-c", Supervisor, "sh", program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
#pragma warning disable RS0030 // To run an image is what this is for (docs/running.md).
        _process = Process.Start(start)!;
#pragma warning restore RS0030
        _process.OutputDataReceived += (_, line) => Append(line.Data);
        _process.ErrorDataReceived += (_, line) => Append(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Name { get; }

    public bool HasExited => _process.HasExited;

    /// <summary>Completes when the program is gone.</summary>
    public Task Exited(CancellationToken cancellation) => _process.WaitForExitAsync(cancellation);

    /// <summary>The program ended by itself and should not have: in its own words.</summary>
    public UserErrorException Failure()
    {
        lock (_output)
        {
            // Behind the program's own last words the shell says how it ended.
            string[] lines = [.. _output.ToString().Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && !line.Contains("warning:", StringComparison.Ordinal))];
            string last = string.Join("; ", lines.TakeLast(2));
            return new($"{Name} failed{(last.Length == 0 ? "" : $": {last}")}", $"{Name} ended with code {_process.ExitCode}", ExitCode.Environment);
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            if (!_process.WaitForExit(s_patience))
            {
                _process.Kill(entireProcessTree: true);
                _process.WaitForExit();
            }
        }

        _process.Dispose();
    }

    private void Append(string? line)
    {
        lock (_output)
        {
            if (line is not null && _output.Length < MostOutput)
            {
                _output.Append(line).Append('\n');
            }
        }
    }
}
